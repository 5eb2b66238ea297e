package mapping

import (
	"fmt"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

// maxOutput is the largest JSON, in bytes, that the orders of one body may take.
const maxOutput = 1 << 20

// output writes what an expression has yielded as JSON, for the strict decoder
// that native bodies go through. It is the second place that looks for card
// numbers: an expression may have put one together.
type output struct {
	field string
	buf   []byte
	path  path
}

// json of one value; all values together are bounded.
func (o *output) json(v ref.Val) ([]byte, error) {
	from := len(o.buf)
	err := o.write(v)
	return o.buf[from:], err
}

func (o *output) write(v ref.Val) error {
	switch v := v.(type) {
	case traits.Lister:
		return o.nested('[', ']', func() error { return o.list(v) })
	case traits.Mapper:
		return o.nested('{', '}', func() error { return o.object(v) })
	}
	if _, ok := v.(exact); ok {
		return o.cannot("is %s", errExact)
	}
	text, card, ok := scalar(v)
	if !ok {
		return o.cannot("is %s, which no order holds", v.Type().TypeName())
	}
	if err := refuseCard(card); err != nil {
		return err
	}
	if hasNUL(card) {
		return o.cannot("%s", detailNUL)
	}
	return o.append(text...)
}

func (o *output) append(text ...byte) error {
	if len(o.buf)+len(text) > maxOutput {
		return o.tooLong()
	}
	o.buf = append(o.buf, text...)
	return nil
}

func (o *output) nested(begin, end byte, members func() error) error {
	if len(o.path) == nativeDepth {
		return o.cannot("is nested deeper than %d levels", nativeDepth)
	}
	if err := o.append(begin); err != nil {
		return err
	}
	o.path = append(o.path, step{})
	if err := members(); err != nil {
		return err
	}
	o.path = o.path[:len(o.path)-1]
	return o.append(end)
}

func (o *output) list(v traits.Lister) error {
	if size, known := v.Size().(types.Int); !known || size > maxOutput {
		return o.tooLong()
	}
	for i, it := 0, v.Iterator(); it.HasNext() == types.True; i++ {
		o.path.at(step{index: i, inList: true})
		if err := o.element(i, it.Next()); err != nil {
			return err
		}
	}
	return nil
}

func (o *output) object(v traits.Mapper) error {
	for i, it := 0, v.Iterator(); it.HasNext() == types.True; i++ {
		key := it.Next()
		name, ok := key.(types.String)
		if !ok || hasNUL(string(name)) {
			o.path = o.path[:len(o.path)-1] // the object, not its member
			return o.cannot("%s", keyDetail(ok))
		}
		value, _ := v.Find(key)
		o.path.at(step{key: string(name)})
		if err := o.member(i, name, value); err != nil {
			return err
		}
	}
	return nil
}

func keyDetail(isText bool) string {
	if isText {
		return detailKeyNUL
	}
	return "has a key that is no string"
}

func (o *output) element(i int, v ref.Val) error {
	if i > 0 {
		if err := o.append(','); err != nil {
			return err
		}
	}
	return o.write(v)
}

func (o *output) member(i int, name types.String, v ref.Val) error {
	if err := o.element(i, name); err != nil {
		return err
	}
	if err := o.append(':'); err != nil {
		return err
	}
	return o.write(v)
}

func (o *output) tooLong() error {
	return expressionError(o.field, fmt.Sprintf("yields more than %d bytes", maxOutput))
}

func (o *output) cannot(format string, args ...any) error {
	detail := fmt.Sprintf(format, args...)
	if at := o.path.String(); at != "" {
		detail = at + " " + detail
	}
	return expressionError(o.field, detail)
}
