package mapping

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/zma-operator/zma-operator/internal/expression"
)

// allocated is how much memory a function allocates, freed or not.
func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// tolerable is what one delivery of the largest body may allocate.
const tolerable = 64 << 20

// bombBody is as large as a body may be.
func bombBody() []byte {
	gifts := `"gifts":[` + times(`{"id":"1"}`, 15_000) + `]`
	return []byte(`{"number":"` + strings.Repeat("W", 65_000) + `",` + gifts + `,"n":[` + times("1", 20_000) +
		`],"s":"` + strings.Repeat("x", 400_000) + `","t":"` + strings.Repeat("x", 60_000) + `"}`)
}

// bombs are filters that took gigabytes, or seconds and hours between two looks
// at the clock.
func bombs() map[string]string {
	doubled := strings.Repeat(`.map(a, a + a)`, 40)
	tree := `[1]` + strings.Repeat(`.map(a, [a, a])`, 40)
	many := func(part string, n int) string { return strings.Repeat(part, n) }
	entries := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "%d:0,", i)
		}
		return b.String()
	}
	return map[string]string{
		"a text that doubles":                     `[body.t]` + doubled + `[0] == ""`,
		"a text of a known type that doubles":     `[string(body.t)]` + doubled + `[0] == ""`,
		"bytes that double":                       `[bytes(body.t)]` + doubled + `[0] == b""`,
		"joining what doubles":                    `[["", ""]]` + doubled + `[0].join("") == ""`,
		"joining texts that are empty":            `[""]` + many(`.map(a, a + a)`, 5) + `.map(a, [a])` + doubled + `[0].join("") == ""`,
		"indexing what doubles":                   `[[1]]` + doubled + `[0][5] == 1`,
		"splitting what doubles":                  `[body.t]` + doubled + `[0].split("").size() > 0`,
		"walking what doubles":                    `[[1]]` + doubled + `[0].all(x, x == 1)`,
		"looking in what doubles":                 `2 in [[1]]` + doubled + `[0]`,
		"long texts kept":                         `body.n.map(x, body.number + "x").size() > 0`,
		"long texts of no known type":             `body.gifts.map(g, body.number + g.id).size() > 0`,
		"lists kept":                              `body.n.map(x, body.n + body.n).size() > 0`,
		"a long list in a loop":                   `body.n.map(x, [` + many("0,", 900) + `x]).size() > 0`,
		"a large map in a loop":                   `body.n.map(x, {` + entries(250) + `-1:x}).size() > 0`,
		"texts read many times":                   `body.n.all(x, ` + many(`size(body.s) + `, 100) + `1 > 0)`,
		"texts compared many times":               `body.n.all(x, ` + many(`body.s != "a" && `, 100) + `true)`,
		"texts searched for nothing":              `body.n.all(x, ` + many(`body.s.contains("") && `, 80) + `true)`,
		"numbers in long texts":                   `body.n.map(x, int(body.s) == 1 || true).size() > 0`,
		"an optional element that is none":        `[?dyn(` + tree + `[0])].size() > 0`,
		"an optional entry that is none":          `{?"a": dyn(` + tree + `[0])}.size() > 0`,
		"an optional entry with a key that grows": `{?` + tree + `[0]: dyn(1)}.size() > 0`,
		"unwrapping what is not optional":         `optional.unwrap(dyn(` + tree + `)).size() > 0`,
		"a pattern of a million steps":            `"a".matches("` + many(".{1000}", 250) + `")`,
		"a pattern that is slow":                  `body.t.matches("` + many(".{100}", 30) + `y")`,
	}
}

func TestNoExpressionTakesMuchMemoryOrTime(t *testing.T) {
	body := bombBody()
	for reason, filter := range bombs() {
		t.Run(reason, func(t *testing.T) {
			if len(filter) > 2048 {
				t.Fatalf("the schema allows no filter of %d characters", len(filter))
			}
			var err error
			took := allocated(func() {
				m, wrong := Compile(mapped(filter, plainID, plainOrder))
				if err = wrong; wrong == nil {
					_, err = m.Orders(t.Context(), Input{Body: body})
				}
			})
			if took > tolerable {
				t.Errorf("%d MB allocated", took>>20)
			}
			// What the expression causes is told, however fast the machine is.
			var failed *ExpressionError
			var wrong *CompileError
			if !errors.As(err, &failed) && !errors.As(err, &wrong) && !errors.Is(err, expression.ErrInterrupted) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// The page's own form of an ID, twenty times at once: each is ended by what it has
// made, so that together they stay below what a pod has.
func TestTwentyDeliveriesAtOnceFitIntoAPod(t *testing.T) {
	m := compiledSource(t, mapped("", `body.gifts.map(g, body.number + g.id)`, `body.gifts.map(g, {"items": []})`))
	body := bombBody()
	took := allocated(func() {
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				_, err := m.Orders(t.Context(), Input{Body: body})
				var failed *ExpressionError
				if !errors.As(err, &failed) && !errors.Is(err, expression.ErrInterrupted) {
					t.Errorf("error %v", err)
				}
			})
		}
		wg.Wait()
	})
	if took > 20*tolerable/2 {
		t.Errorf("%d MB allocated", took>>20)
	}
}

// CEL's own optMap writes what it is called on twice: sixteen in a row were
// more than a machine holds.
func TestOptionalValuesCanBeMappedManyTimes(t *testing.T) {
	var err error
	took := allocated(func() {
		_, err = Compile(mapped(`optional.of(1)`+strings.Repeat(`.optMap(a, a)`, 60)+strings.Repeat(`.optFlatMap(a, optional.of(a))`, 20)+`.hasValue()`, plainID, plainOrder))
	})
	if err != nil || took > tolerable {
		t.Errorf("%v, %d MB allocated", err, took>>20)
	}
	for text, want := range map[string]any{
		`optional.of(2).optMap(a, a + 1).value()`:                                     int64(3),
		`body.?no.optMap(a, a + 1).hasValue()`:                                        false,
		`body.?i.optFlatMap(a, a > 5 ? optional.of(a) : optional.none()).orValue(0)`:  int64(12),
		`body.?i.optFlatMap(a, a > 50 ? optional.of(a) : optional.none()).orValue(0)`: int64(0),
		`body.?i.optMap(a, body.?i.optMap(b, a * b).value()).orValue(0)`:              int64(144),
		`optional.unwrap([body.?i, body.?no])[0]`:                                     int64(12),
		`[1, 2].map(n, body.?i.optMap(i, i + n).value())[1]`:                          int64(14),
		`{"a": 1, ?"b": body.?no, ?"c": true ? body.?i : optional.none()}.size()`:     int64(2),
		`[1, ?body.?i.optMap(a, a + 1)].size()`:                                       int64(2),
	} {
		if got, err := value(t, text, `{"i":12}`); err != nil || got.Value() != want {
			t.Errorf("%s: %v, %v; want %v", text, got, err, want)
		}
	}
}
