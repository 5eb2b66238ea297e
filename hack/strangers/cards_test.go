package strangers

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// cards are numbers that networks give for tests.
func cards() []string {
	return []string{"4111111111111111", "5555555555554444", "378282246310005", "6011111111111117", "3530111333300000", "30569309025904", "2223003122003222"}
}

// escaped writes each character as \u and four digits.
func escaped(text string) string {
	var b strings.Builder
	for _, c := range text {
		fmt.Fprintf(&b, `\u%04x`, c)
	}
	return b.String()
}

func grouped(digits, separator string) string {
	var groups []string
	for ; len(digits) > 4; digits = digits[4:] {
		groups = append(groups, digits[:4])
	}
	return strings.Join(append(groups, digits), separator)
}

// withCard puts a card number into bodies of both kinds.
func withCard(card string) map[string]rewrite {
	title := func(text string) rewrite { return swap("Zwiebelquark Deluxe", text) }
	return map[string]rewrite{
		"a text":                       title(card),
		"a text around it":             title("pay with " + card + " please"),
		"letters right before it":      title("card" + card + "x"),
		"spaces":                       title(grouped(card, " ")),
		"dashes":                       title(grouped(card, "-")),
		"dots":                         title(grouped(card, ".")),
		"a space after each digit":     title(strings.Join(strings.Split(card, ""), " ")),
		"escapes":                      title(escaped(card)),
		"escapes with escaped dashes":  title(escaped(grouped(card, "-"))),
		"one escape":                   title(card[:5] + escaped(card[5:6]) + card[6:]),
		"an expiry date behind it":     title(card + " 12/29 123"),
		"a number":                     insert(`"x":` + card),
		"a number with a fraction":     insert(`"x":` + card + ".0"),
		"a number in a list far below": insert(`"x":[[[{"y":[` + card + `]}]]]`),
		"a key":                        insert(`"` + card + `":1`),
		"an escaped key":               insert(`"` + escaped(card) + `":1`),
		"a key with dashes":            insert(`"x":{"` + grouped(card, "-") + `":1}`),
		"an unknown field":             insert(`"card":"` + card + `"`),
		"behind a wrong field":         func(body string) string { return strings.TrimSuffix(body, "}") + `,"unknown":1,"y":"` + card + `"}` },
		"behind a key given twice":     insert(`"x":1,"x":2,"y":"` + card + `"`),
		"the ID":                       func(body string) string { return strings.Replace(body, "STRANGERS-", card+"-", 1) },
		"the name":                     swap("Zebuloniah", card),
		"the phone":                    swap("+15032239999", grouped(card, " ")),
	}
}

// TestACardNumberIsRefusedWhereverItStands sends card numbers in every place of a
// body, with the right token: refused, and told nowhere.
func TestACardNumberIsRefusedWhereverItStands(t *testing.T) {
	x := theWorld(t).main
	p := x.world.party("bearer")
	for name, acceptable := range map[string]func(string) []byte{p.name: body, mapped: mappedBody} {
		t.Run(name, func(t *testing.T) {
			watch(t, x)
			before, sent := x.events(t, "card_number", name), 0
			for _, card := range cards() {
				plant(card, grouped(card, " "), grouped(card, "-"), grouped(card, "."))
				for reason, change := range withCard(card) {
					b := []byte(change(string(acceptable(newID()))))
					r := x.post(t, x.world.path(name), p.sign(p.secret.signing, message{}), b)
					if r.status != http.StatusBadRequest || r.problem != "card-data" || strings.Contains(string(r.body), card) {
						t.Errorf("%s, %s: %v", card, reason, r)
					}
					sent++
				}
			}
			if grown := x.events(t, "card_number", name) - before; grown != float64(sent) {
				t.Errorf("%v of %d were counted", grown, sent)
			}
		})
	}
}

// TestACardNumberThatExpressionsMakeIsRefused has the source's own expressions put
// one together.
func TestACardNumberThatExpressionsMakeIsRefused(t *testing.T) {
	x := theWorld(t).main
	watch(t, x)
	p := x.world.party("bearer")
	src := x.world.source("together", p.auth)
	src.Spec.Mapping = mapping("body.title + body.rest")
	if err := x.world.makeSource(t.Context(), src, p.secret); err != nil {
		t.Fatal(err)
	}
	served(t, x, src.Name)
	for _, card := range cards() {
		plant(card)
		b := swap(`"Zwiebelquark Deluxe"`, fmt.Sprintf(`"%s","rest":"%s"`, card[:8], card[8:]))(string(mappedBody(newID())))
		r := x.post(t, x.world.path(src.Name), p.sign(p.secret.signing, message{}), []byte(b))
		if r.status != http.StatusBadRequest || r.problem != "card-data" {
			t.Errorf("%s: %v", card, r)
		}
	}
}

// served waits until a source that was made just now answers.
func served(t *testing.T, x *target, source string) {
	t.Helper()
	for deadline := time.Now().Add(settle); ; time.Sleep(20 * time.Millisecond) {
		r := x.post(t, x.world.path(source), http.Header{}, []byte("{}"))
		if r.status == http.StatusUnauthorized {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("source %s is not served: %v", source, r)
		}
	}
}

// TestWhatStrangersWriteAroundABodyIsToldNowhere puts a card number, a name and a
// token into every part of requests that are refused, and of one that is not.
func TestWhatStrangersWriteAroundABodyIsToldNowhere(t *testing.T) {
	x := theWorld(t).main
	w := watch(t, x)
	const card, name, token = "4242424242424242", "Brunhildegard", "sk_live_51PlantedToken"
	plant(card, name, token, grouped(card, "-"), strings.ToUpper(name))
	p := x.world.party("bearer")
	path := x.world.path(p.name)
	for _, word := range []string{card, name, token, grouped(card, "-")} {
		h := http.Header{"User-Agent": {word}, "Referer": {"https://" + name + ".example/" + card}, "Cookie": {"id=" + word},
			"X-Forwarded-For": {word}, "Forwarded": {"for=" + word}, "Origin": {"https://" + name + ".example"}, "Traceparent": {word},
			"X-" + name: {card}, "Webhook-Id": {word}, "Content-Type": {"application/json; boundary=" + name}}
		refused(t, word, x.post(t, path, h, body(newID())))
		for _, first := range []string{
			"POST /" + word + " HTTP/1.1", "POST /webhooks/" + word + "/" + name + " HTTP/1.1", "POST " + path + "?card=" + word + " HTTP/1.1",
			"POST /callbacks/v1/" + word + "/a/b HTTP/1.1", "POST /callbacks/v2/" + word + "/" + name + " HTTP/1.1",
			strings.ToUpper(name) + " " + path + " HTTP/1.1", card + " " + path + " HTTP/1.1", name + " /nowhere HTTP/1.1",
			"GET /healthz?" + word + " HTTP/1.1", "POST http://" + name + ".example/" + word + " HTTP/1.1",
			"POST " + path + " HTTP/" + word, word,
		} {
			c := x.dial(t, "")
			c.method, _, _ = strings.Cut(first, " ")
			c.write(head(first, h, "Content-Length: 0", "Connection: close"))
			if got, _ := c.answers(5 * time.Second); len(got) != 1 || got[0].status < 400 && got[0].status != 200 || got[0].status >= 500 && got[0].status != 505 {
				t.Errorf("%s: %v", first, got)
			}
		}
		// The same beside the right token.
		h.Set("Authorization", "Bearer "+p.secret.signing)
		r := x.post(t, path, h, body(newID()))
		if r.status != http.StatusAccepted {
			t.Errorf("%s, with the token: %v", word, r)
		}
		w.expect(r)
	}
}

// TestACardNumberIsNoID gives card numbers as the IDs of request and message,
// which are told as a rule.
func TestACardNumberIsNoID(t *testing.T) {
	x := theWorld(t).main
	w := watch(t, x)
	p := x.world.party("standard")
	const card = "4000056655665556"
	for _, id := range []string{card, grouped(card, "-"), grouped(card, "."), "order-" + card} {
		plant(id)
		h := http.Header{"X-Request-Id": {id}}
		refused(t, "a request's ID", x.post(t, x.world.path(p.name), h, body(newID())))
		m := newMessage(time.Now())
		m.id = id
		r := x.post(t, x.world.path(p.name), p.sign(p.secret.signing, m), m.body)
		if !one(r.status, http.StatusAccepted, http.StatusBadRequest) {
			t.Errorf("a message's ID: %v", r)
		}
		w.expect(r)
	}
}
