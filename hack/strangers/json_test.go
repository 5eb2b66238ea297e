package strangers

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
)

// rewrite makes something else of an acceptable body.
type rewrite func(body string) string

func swap(old, new string) rewrite {
	return func(body string) string {
		if !strings.Contains(body, old) {
			panic("the body has no " + old)
		}
		return strings.Replace(body, old, new, 1)
	}
}

// insert puts fields at the beginning of the whole object.
func insert(fields string) rewrite {
	return func(body string) string { return "{" + fields + "," + body[1:] }
}

// anyJSON is what neither a native body nor one for expressions may be.
func anyJSON() map[string]rewrite {
	deep := func(open, close string, levels int) string {
		return strings.Repeat(open, levels) + "1" + strings.Repeat(close, levels)
	}
	always := func(text string) rewrite { return func(string) string { return text } }
	return map[string]rewrite{
		"10,000 lists in each other":          insert(`"x":` + deep("[", "]", 10000)),
		"10,000 objects in each other":        insert(`"x":` + deep(`{"x":`, "}", 10000)),
		"10,000 lists, all there is":          always(deep("[", "]", 10000)),
		"10,000 lists, not closed":            always(strings.Repeat("[", 10000)),
		"60,000 lists":                        always(strings.Repeat("[", 60000)),
		"a list closed by a brace":            insert(`"x":[1}`),
		"bytes that are no UTF-8":             swap("Zebuloniah", "Zebuloniah\xff\xfe"),
		"half a character":                    swap("Zebuloniah", "Zebuloniah\xe2\x82"),
		"an overlong encoding":                swap("Zebuloniah", "Zebuloniah\xc0\xaf"),
		"an encoded surrogate":                swap("Zebuloniah", "Zebuloniah\xed\xa0\x80"),
		"a byte order mark":                   func(body string) string { return "\ufeff" + body },
		"UTF-16":                              func(body string) string { return string(utf16le(body)) },
		"a NUL within":                        swap("Zebuloniah", "Zebu\x00loniah"),
		"a NUL at the end":                    func(body string) string { return body + "\x00" },
		"a NUL at the beginning":              func(body string) string { return "\x00" + body },
		"a tab in a string":                   swap("Zebuloniah", "Zebu\tloniah"),
		"a line break in a string":            swap("Zebuloniah", "Zebu\nloniah"),
		"a second value":                      func(body string) string { return body + body },
		"a second value on another line":      func(body string) string { return body + "\n{}" },
		"a word behind it":                    func(body string) string { return body + "x" },
		"a comma behind it":                   func(body string) string { return body + "," },
		"a closing brace too much":            func(body string) string { return body + "}" },
		"a closing brace too few":             func(body string) string { return body[:len(body)-1] },
		"a comma before the end":              func(body string) string { return body[:len(body)-1] + ",}" },
		"a comment":                           func(body string) string { return "/* */" + body },
		"a comment within":                    func(body string) string { return "{//\n" + body[1:] },
		"names without quotes":                insert("x:1"),
		"names in single quotes":              insert("'x':1"),
		"NaN":                                 insert(`"x":NaN`),
		"Infinity":                            insert(`"x":-Infinity`),
		"a hexadecimal number":                insert(`"x":0x10`),
		"a number with a zero first":          insert(`"x":010`),
		"a number with a plus":                insert(`"x":+1`),
		"a number without a digit":            insert(`"x":.5`),
		"the same key twice":                  insert(`"x":1,"x":1`),
		"the same key twice, once escaped":    insert(`"x":1,"\u0078":1`),
		"the same key twice, far below":       insert(`"x":[[{"a":{"b":1,"b":2}}]]`),
		"an escape that there is not":         insert(`"x":"\x41"`),
		"an escape of three digits":           insert(`"x":"\u041"`),
		"nothing but white space":             always(" \r\n\t "),
		"nothing":                             always(""),
		"null":                                always("null"),
		"true":                                always("true"),
		"a number":                            always("1"),
		"a string":                            always(`"order"`),
		"a list":                              func(body string) string { return "[" + body + "]" },
		"the body as a string":                func(body string) string { return `"` + strings.ReplaceAll(body, `"`, `\"`) + `"` },
		"a form":                              always("externalID=1&items=1"),
		"XML":                                 always(`<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>`),
		"YAML":                                always("externalID: &a [*a, *a]"),
		"a number beyond 64 bits for a price": swap(`2099`, strings.Repeat("9", 40)),
		"an exponent beyond all":              swap(`2099`, "1e400"),
		"an exponent of a million digits":     swap(`2099`, "1e1000000"),
		"a negative exponent for a price":     swap(`2099`, "1e-400"),
		"a fraction of a cent":                swap(`2099`, "2099.5"),
		"a price as text":                     swap(`2099`, `"2099"`),
		"a price just beyond 64 bits":         swap(`2099`, "9223372036854775808"),
		"a negative price":                    swap(`2099`, "-1"),
		"a number of 50,000 digits":           swap(`2099`, strings.Repeat("1", 50000)),
		"a lone surrogate":                    swap("Zebuloniah", `Zebuloniah\ud800`),
		"a lone surrogate of the second kind": swap("Zebuloniah", `\udc00Zebuloniah`),
		"surrogates in the wrong order":       swap("Zebuloniah", `\udc00\ud800Zebuloniah`),
		"a lone surrogate in a key":           insert(`"\ud800":1`),
	}
}

func utf16le(text string) []byte {
	out := []byte{0xff, 0xfe}
	for _, c := range []byte(text) {
		out = append(out, c, 0)
	}
	return out
}

// onlyNative is what a body without a mapping may not be: it has no fields but
// the known ones, as they are written.
func onlyNative() map[string]rewrite {
	return map[string]rewrite{
		"an unknown field":                  insert(`"note":"x"`),
		"an unknown field in the address":   swap(`"firstName"`, `"middleName":"x","firstName"`),
		"an unknown field in an item":       swap(`"productID"`, `"price":1,"productID"`),
		"a field in another case":           swap(`"externalID"`, `"ExternalID"`),
		"a field in capitals":               swap(`"externalID"`, `"EXTERNALID"`),
		"a field in small letters":          swap(`"shippingAddress"`, `"shippingaddress"`),
		"a field beside itself in capitals": insert(`"EXTERNALID":"1"`),
		"a field of the address, capitals":  swap(`"firstName"`, `"FirstName"`),
		"a long s, which folds to an s":     swap(`"items"`, `"item`+"\u017f"+`"`),
		"a Kelvin sign, which folds to a k": insert(`"to` + "\u212a" + `en":1`),
		"a field with a space":              swap(`"items"`, `"items "`),
		"a field with a zero-width space":   swap(`"items"`, `"items`+"\u200b"+`"`),
		"a field with a NUL":                swap(`"items"`, `"items\u0000"`),
		"__proto__":                         insert(`"__proto__":{"accountRef":{"name":"x"}}`),
		"constructor":                       insert(`"constructor":{"prototype":{"suspend":false}}`),
		"__proto__ in the address":          swap(`"firstName"`, `"__proto__":{},"firstName"`),
		"the account":                       insert(`"accountRef":{"name":"other"}`),
		"the policy":                        insert(`"policyRef":{"name":"none"}`),
		"the source":                        insert(`"source":{"name":"other","externalID":"1"}`),
		"a whole resource": func(body string) string {
			return `{"apiVersion":"zma.dev/v1alpha1","kind":"ZMAOrder","spec":` + body + "}"
		},
		"metadata":                            insert(`"metadata":{"name":"x","annotations":{"zma.dev/recover":"approve"}}`),
		"a status":                            insert(`"status":{"conditions":[]}`),
		"suspend":                             insert(`"suspend":true`),
		"cancel":                              insert(`"cancel":true`),
		"no address":                          swap(`"shippingAddress"`, `"billingAddress"`),
		"an address that is null":             insert(`"shippingAddress":null`),
		"an address that is a list":           swap(`"customer":`, `"gift":[],"customer":`),
		"a quantity of a fraction":            swap(`"quantity":1`, `"quantity":1.5`),
		"a quantity of nothing":               swap(`"quantity":1`, `"quantity":0`),
		"a negative quantity":                 swap(`"quantity":1`, `"quantity":-1`),
		"a quantity beyond 32 bits":           swap(`"quantity":1`, `"quantity":4294967297`),
		"a quantity that wraps to one":        swap(`"quantity":1`, `"quantity":18446744073709551617`),
		"an ID with a lone surrogate":         swap(`"externalID":"`, `"externalID":"\ud800`),
		"an ID with a line break":             swap(`"externalID":"`, `"externalID":"\n`),
		"an ID with a NUL":                    swap(`"externalID":"`, `"externalID":"\u0000`),
		"an ID that looks like a path":        swap(`"externalID":"`, `"externalID":"../../ `),
		"an ID of a thousand characters":      swap(`"externalID":"`, `"externalID":"`+strings.Repeat("a", 1000)),
		"a number as ID":                      insert(`"externalID":1`),
		"a currency that there is not":        swap(`"USD"`, `"U$D"`),
		"a thousand items":                    swap(`"items":[`, `"items":[`+strings.Repeat(`{"productID":"B000000001","quantity":1},`, 1000)),
		"a product ID that looks like a path": swap(`B000000001`, `../../v1/orders`),
	}
}

// TestABodyThatIsNotPlainlyAnOrderMakesNone sends, with the right token, bodies
// that parsers disagree about.
func TestABodyThatIsNotPlainlyAnOrderMakesNone(t *testing.T) {
	x := theWorld(t).main
	token := x.world.party("bearer")
	for name, tc := range map[string]struct {
		acceptable func(id string) []byte
		changes    []map[string]rewrite
	}{
		"bearer": {body, []map[string]rewrite{anyJSON(), onlyNative()}},
		mapped:   {mappedBody, []map[string]rewrite{anyJSON()}},
	} {
		t.Run(name, func(t *testing.T) {
			w := watch(t, x)
			send := func(b []byte) reply {
				return x.post(t, x.world.path(name), token.sign(token.secret.signing, message{}), b)
			}
			r := send(tc.acceptable(newID()))
			if r.status != http.StatusAccepted {
				t.Fatalf("as it is: %v", r)
			}
			w.expect(r)
			for _, changes := range tc.changes {
				for reason, change := range changes {
					r := send([]byte(change(string(tc.acceptable(newID())))))
					unordered(t, reason, r)
				}
			}
		})
	}
}

// unordered checks that a body was refused as one that is no order.
func unordered(t *testing.T, reason string, r reply) {
	t.Helper()
	if r.status != http.StatusBadRequest || !one(r.problem, "invalid-body", "invalid-order", "mapping-failed") {
		t.Errorf("%s: %v", reason, r)
	}
	for _, inside := range []string{"goroutine", ".go:", "unmarshal", "json:", "kube"} {
		if bytes.Contains(r.body, []byte(inside)) {
			t.Errorf("%s: the answer tells of the inside: %s", reason, r.body)
		}
	}
}

// TestNamesOfPrototypesMeanNothing maps a body with names that other languages
// give a meaning: they are fields like others, and change no order.
func TestNamesOfPrototypesMeanNothing(t *testing.T) {
	x := theWorld(t).main
	w := watch(t, x)
	token := x.world.party("bearer")
	id := newID()
	b := insert(`"__proto__":{"sku":"B000000666","cents":1},"constructor":{"prototype":{"id":"x"}},"hasOwnProperty":1`)(string(mappedBody(id)))
	r := x.post(t, x.world.path(mapped), token.sign(token.secret.signing, message{}), []byte(b))
	w.expect(r)
	if r.status != http.StatusAccepted {
		t.Fatal(r)
	}
	o, err := x.world.order(t.Context(), r.orders[0])
	if err != nil {
		t.Fatal(err)
	}
	if s := o.Spec; s.Items[0].ProductID != "B000000001" || s.Total.AmountCents != 2099 || s.Source.ExternalID != id {
		t.Errorf("the order is %+v", s)
	}
}
