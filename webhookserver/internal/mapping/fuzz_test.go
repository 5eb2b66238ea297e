package mapping

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"testing"
	"unicode/utf8"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/expression"
)

// typed tells whether an error is one that callers tell apart.
func typed(err error) bool {
	var body *BodyError
	var failed *ExpressionError
	return errors.Is(err, ErrCardData) || errors.Is(err, ErrIgnored) || errors.Is(err, expression.ErrInterrupted) ||
		errors.As(err, &body) || errors.As(err, &failed)
}

// wantComplete fails unless the goods could be sent.
func wantComplete(t *testing.T, o *v1alpha1.ZMAOrder) {
	t.Helper()
	a := o.Spec.ShippingAddress
	for name, part := range map[string]string{"firstName": a.FirstName, "lastName": a.LastName, "line1": a.Line1,
		"city": a.City, "postalCode": a.PostalCode, "country": a.Country, "phone": a.Phone} {
		if !visible(part) {
			t.Errorf("an order without %s", name)
		}
	}
	if !v1alpha1.HasDerivedName(o) || o.Spec.Source.ExternalID == "" {
		t.Errorf("an order without an identity: %s", o.Name)
	}
}

// wantSame fails unless expressions see what the standard library reads.
func wantSame(t *testing.T, v ref.Val, body []byte) {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var want any
	if err := dec.Decode(&want); err != nil || !same(v, want) {
		t.Errorf("read %v of %s, %v", v, body, err)
	}
}

func same(v ref.Val, want any) bool {
	switch want := want.(type) {
	case map[string]any:
		o, ok := v.(*object)
		for key, member := range want {
			found, there := o.Find(types.String(key))
			ok = ok && there && same(found, member)
		}
		return ok && o.Size() == types.Int(len(want))
	case []any:
		l, ok := v.(traits.Lister)
		for i, element := range want {
			ok = ok && same(l.Get(types.Int(i)), element)
		}
		return ok && l.Size() == types.Int(len(want))
	case json.Number:
		if whole, err := want.Int64(); err == nil {
			return v == types.Int(whole)
		}
		double, err := want.Float64()
		if e, ok := v.(exact); ok {
			return err == nil && string(e) == want.String() && e != exact(strconv.FormatFloat(double, 'f', -1, 64))
		}
		return err == nil && v == types.Double(double)
	case nil:
		return v == types.NullValue
	}
	return v.Value() == want
}

// FuzzDecode: whatever is decoded is JSON, complete, and free of card numbers;
// the walk takes for JSON what the standard library does.
func FuzzDecode(f *testing.F) {
	for _, body := range []string{full, least, `{"a":"4111 1111 1111 1111"}`, `{"4111\u00a01111_1111\uff11":4.000000000000000006e18}`, `{"a":1,"a":2}`, `[1,]`, `{"a":}`, `"\ud800"`, `{"a\n\"":[1, -2.5e1 , "\\", "\u00e4\"" ,true,false,null,{ "b" : [ ] }]}`, `1e999`, `-0`, ` {} `, `{}{}`} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, build := range []bool{false, true} {
			v, err := inspect(body, mappedDepth, build)
			if err == nil && (!json.Valid(body) || !utf8.Valid(body)) {
				t.Error("inspected without an error, and no JSON")
			}
			if err == nil && build {
				wantSame(t, v, body)
			}
			if err != nil && !typed(err) {
				t.Errorf("untyped error %v", err)
			}
		}
		n, err := Decode(body)
		if err != nil {
			if !typed(err) {
				t.Errorf("untyped error %v", err)
			}
			return
		}
		order, err := Order(source(), n, Input{})
		if err != nil {
			t.Fatalf("a decoded order can't be built: %v", err)
		}
		wantComplete(t, order)
	})
}

// FuzzMapper: no body makes an order that is not complete, and a body makes the
// same orders each time.
func FuzzMapper(f *testing.F) {
	var sources []*v1alpha1.WebhookSource
	for _, e := range examples(f) {
		f.Add(e.body, "orders/paid")
		var small bytes.Buffer
		if err := json.Compact(&small, e.body); err != nil {
			f.Fatal(err)
		}
		f.Add(small.Bytes(), "")
		sources = append(sources, e.source)
	}
	sources = append(sources, mapped(`body.kind == "paid"`, plainID, plainOrder), mapped("", `["a", "b"]`, twoOrder))
	f.Add([]byte(plainBody), "")
	var first, second []*Mapper
	for _, src := range sources {
		first, second = append(first, compiledSource(f, src)), append(second, compiledSource(f, src))
	}
	f.Fuzz(func(t *testing.T, body []byte, topic string) {
		in := Input{Body: body, Header: map[string][]string{"X-Shop-Topic": {topic}}}
		for i := range first {
			orders, err := first[i].Orders(t.Context(), in)
			again, errAgain := second[i].Orders(t.Context(), in)
			if errors.Is(err, expression.ErrInterrupted) || errors.Is(errAgain, expression.ErrInterrupted) {
				continue
			}
			if err != nil && (!typed(err) || orders != nil) || (err == nil) != (errAgain == nil) || len(orders) != len(again) {
				t.Fatalf("%d orders, %v; then %d, %v", len(orders), err, len(again), errAgain)
			}
			for j, o := range orders {
				wantComplete(t, o)
				if o.Annotations[v1alpha1.AnnotationPayloadHash] != again[j].Annotations[v1alpha1.AnnotationPayloadHash] {
					t.Error("one body makes two payloads")
				}
			}
		}
	})
}

// FuzzCompile: no expression stops the program, and an error has a place.
func FuzzCompile(f *testing.F) {
	for _, text := range []string{plainOrder, twoOrder, `body.`, `cel.bind(a, a, a)`, `{?"a": body.?b}`, `body.map(a, a + a)`, `"x".matches("(")`,
		`minorUnits(body, "USD")`, `[[1]].map(a, [a, a]).map(a, a == a)`, `optional.of({}).orValue(body)`, "/*", "\x00", `{1: 2}.map(k, k)`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := Compile(mapped("", `["a"]`, text+" "))
		if err != nil {
			var wrong *CompileError
			if !errors.As(err, &wrong) || wrong.Line < 1 || wrong.Column < 1 || wrong.Field != fieldOrder {
				t.Errorf("error %v", err)
			}
			return
		}
		orders, err := m.Orders(t.Context(), Input{Body: []byte(plainBody)})
		if err != nil && !typed(err) {
			t.Errorf("untyped error %v", err)
		}
		for _, o := range orders {
			wantComplete(t, o)
		}
	})
}
