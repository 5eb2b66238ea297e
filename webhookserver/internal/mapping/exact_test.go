package mapping

import (
	"errors"
	"math/big"
	"strconv"
	"strings"
	"testing"
)

// A number of the body is looked at as it was written: rounding one is charging
// another price.
func TestMoneyInNumbersIsNeverRounded(t *testing.T) {
	for number, want := range map[string]any{
		"12.99":                        int64(1299),
		"12.5":                         int64(1250),
		"12.990":                       int64(1299), // JSON has one meaning for it
		"1.000":                        int64(100),
		"1.299e1":                      int64(1299),
		"12e0":                         int64(1200),
		"12.990000000000000000000":     int64(1299),
		"0.0":                          int64(0),
		"0e-400":                       int64(0),
		"90071992547409.93":            int64(9007199254740993),
		"9007199254740993":             int64(900719925474099300),
		"12.999999999999999999":        "more than the 2 decimals",
		"0.99999999999999999999":       "more than the 2 decimals",
		"19.99000000000000001":         "more than the 2 decimals",
		"12.994999999":                 "more than the 2 decimals",
		"0.00000000000000000000000001": "more than the 2 decimals",
		"12.9999999999999999999e0":     "must be digits",
		"1e-400":                       "must be digits",
		"1e-99999999999999999999":      "must be digits",
		"-12.999999999999999999":       "must be digits",
		"-0.0":                         "must be digits",
		"99999999999999999999.01":      "too large",
	} {
		got, err := value(t, `minorUnits(body.p, "USD")`, `{"p":`+number+`}`)
		switch want := want.(type) {
		case int64:
			if err != nil || got.Value() != want {
				t.Errorf("%s: %v, %v; want %d", number, got, err, want)
			}
		case string:
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, %v; want %q", number, got, err, want)
			}
		}
	}
}

// What a double would round is no double, and nothing else takes it.
func TestNumbersOfManyDigitsAreForMinorUnitsAlone(t *testing.T) {
	body := `{"p":12.999999999999999999,"q":12.999999999999999999,"r":13.0}`
	for text, want := range map[string]any{
		`body.p == body.q`:   true,
		`body.p == body.r`:   false,
		`body.r == body.p`:   false,
		`body.p in [13.0]`:   false,
		`[body.p] == [13.0]`: false,
		`has(body.p)`:        true,
		`body.p < 13.0`:      "no such overload",
		`body.p + 1.0`:       "no such overload",
		`string(body.p)`:     "no such overload",
		`int(body.p)`:        "no such overload",
	} {
		got, err := value(t, text, body)
		if text, ok := want.(string); ok {
			if err == nil || !strings.Contains(err.Error(), text) {
				t.Errorf("%v, %v; want %q", got, err, text)
			}
		} else if err != nil || got.Value() != want {
			t.Errorf("%s: %v, %v; want %v", text, got, err, want)
		}
	}
	order := swapIn(t, plainOrder, `body.cents`, `body.p`)
	_, err := compiledSource(t, mapped("", plainID, order)).Orders(t.Context(), Input{Body: []byte(swapIn(t, plainBody, `"no"`, `"p":12.999999999999999999,"no"`))})
	var failed *ExpressionError
	if !errors.As(err, &failed) || failed.Fields[0].Detail != "total.amountCents is a number of more digits than a double keeps" {
		t.Error(explain(err))
	}
}

func TestNumbersAreOfBoundedLength(t *testing.T) {
	m := compiledSource(t, mapped("", plainID, plainOrder))
	for digits, ok := range map[int]bool{maxNumber - 2: true, maxNumber - 1: false} {
		_, err := m.Orders(t.Context(), Input{Body: []byte(swapIn(t, plainBody, `"no"`, `"p":0.`+strings.Repeat("1", digits)+`,"no"`))})
		var body *BodyError
		if errors.As(err, &body) == ok || !ok && body.Fields[0] != (FieldError{"p", "is a number of more than 400 characters"}) {
			t.Errorf("%d digits: %v", digits, err)
		}
	}
}

// A double is kept exactly when its shortest text is the number that was written.
func FuzzKeeps(f *testing.F) {
	for _, text := range []string{"12.99", "12.990", "0.1", "1e2", "1e-400", "5e-324", "12.999999999999999999", "0.0", "-0e5", "100000000000000001.0"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		double, err := strconv.ParseFloat(text, 64)
		if err != nil || len(text) > 40 || strings.Trim(text, "-.0123456789e") != "" || strings.Count(text, "e") > 1 {
			return
		}
		if _, power, _ := strings.Cut(text, "e"); len(power) > 4 {
			return
		}
		written, ok := new(big.Rat).SetString(text)
		kept, _ := new(big.Rat).SetString(strconv.FormatFloat(double, 'e', -1, 64))
		if ok && keeps(double, text) != (written.Cmp(kept) == 0) {
			t.Errorf("%s: %t", text, keeps(double, text))
		}
	})
}
