package mapping

import (
	"fmt"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

// walk is on its way through one body, which is valid JSON: it looks for where
// values end, not for whether they are well formed.
type walk struct {
	data     []byte
	at       int
	maxDepth int
	build    bool
	values   int
	// path of the value that is being read.
	path path
	// wrong fields so far. A card number may still follow, and counts for more.
	wrong []FieldError
}

// next reads one value; nil without build.
func (w *walk) next() (ref.Val, error) {
	if w.values++; w.build && w.values > maxValues {
		return nil, bodyError("", fmt.Sprintf("holds more than %d values", maxValues))
	}
	switch w.peek() {
	case '{':
		return w.nested(w.object)
	case '[':
		return w.nested(w.list)
	case '"':
		s := w.text()
		if hasNUL(s) {
			w.refuse(detailNUL)
		}
		return w.built(types.String(s)), refuseCard(s)
	case 't':
		w.at += len("true")
		return types.True, nil
	case 'f':
		w.at += len("false")
		return types.False, nil
	case 'n':
		w.at += len("null")
		return types.NullValue, nil
	}
	return w.number(w.digits())
}

func (w *walk) built(v types.String) ref.Val {
	if !w.build {
		return nil
	}
	return v
}

func (w *walk) nested(members func() (ref.Val, error)) (ref.Val, error) {
	if len(w.path) == w.maxDepth {
		return nil, bodyError("", w.depthDetail())
	}
	w.path = append(w.path, step{})
	w.at++ // the opening bracket
	value, err := members()
	w.at++ // the closing one
	w.path = w.path[:len(w.path)-1]
	return value, err
}

func (w *walk) list() (ref.Val, error) {
	var elements []ref.Val
	for i := 0; w.peek() != ']'; i++ {
		w.path.at(step{index: i, inList: true})
		v, err := w.next()
		if err != nil {
			return nil, err
		}
		if w.build {
			elements = append(elements, v)
		}
		w.skip(',')
	}
	if !w.build {
		return nil, nil
	}
	return types.NewRefValList(types.DefaultTypeAdapter, elements), nil
}

func (w *walk) object() (ref.Val, error) {
	members := map[string]any{}
	for w.peek() != '}' {
		key := w.text()
		if err := refuseCard(key); err != nil {
			return nil, err
		}
		if hasNUL(key) {
			w.refuseAt(w.path[:len(w.path)-1], detailKeyNUL)
		}
		w.path.at(step{key: key})
		w.skip(':')
		v, err := w.next()
		if err != nil {
			return nil, err
		}
		if _, twice := members[key]; twice {
			w.refuse("is given twice")
		}
		members[key] = v
		w.skip(',')
	}
	if !w.build {
		return nil, nil
	}
	return newObject(members), nil
}

// refuse notes that the field that is being read is wrong.
func (w *walk) refuse(detail string) { w.refuseAt(w.path, detail) }

func (w *walk) refuseAt(field path, detail string) {
	if len(w.wrong) < maxFieldErrors {
		w.wrong = append(w.wrong, FieldError{Field: clip(field.String()), Detail: detail})
	}
}
