package mapping

import "testing"

// BenchmarkOrders is the cost of making orders of a body: native, by a mapping,
// and by the examples of the page.
func BenchmarkOrders(b *testing.B) {
	run := func(name string, m *Mapper, in Input) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(in.Body)))
			for b.Loop() {
				if _, err := m.Orders(b.Context(), in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	run("native", compiledSource(b, source()), Input{Body: []byte(full)})
	run("mapped", compiledSource(b, mapped(`body.kind == "paid"`, plainID, plainOrder)), Input{Body: []byte(plainBody)})
	for _, e := range examples(b) {
		run(e.title, compiledSource(b, e.source), Input{Body: e.body, Header: e.header})
	}
}

// BenchmarkCompile is what a changed source costs, once.
func BenchmarkCompile(b *testing.B) {
	src := mapped(`body.kind == "paid"`, plainID, plainOrder)
	b.ReportAllocs()
	for b.Loop() {
		compiledSource(b, src)
	}
}
