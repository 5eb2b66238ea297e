package mapping

import (
	"errors"
	"fmt"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/traits"
)

// natives decodes the objects; what is wrong with any of them is told of all.
func natives(objects []traits.Mapper, ids []string) ([]*NativeOrder, error) {
	var out []*NativeOrder
	wrong := &BodyError{}
	json := &output{field: fieldOrder}
	for i, o := range objects {
		n, err := native(json, o, ids[i])
		var body *BodyError
		switch {
		case errors.As(err, &body):
			if len(objects) > 1 {
				body = body.within(fmt.Sprintf("orders[%d]", i))
			}
			wrong.Fields = append(wrong.Fields, body.Fields...)
		case err != nil:
			return nil, err
		}
		out = append(out, n)
	}
	if len(wrong.Fields) > 0 {
		wrong.Fields = wrong.Fields[:min(len(wrong.Fields), maxFieldErrors)]
		return nil, wrong
	}
	return out, nil
}

// native decodes what was yielded for one order.
func native(json *output, o traits.Mapper, id string) (*NativeOrder, error) {
	if o.Contains(types.String("externalID")) == types.True {
		return nil, bodyError("externalID", "is what "+fieldExternalID+" yields")
	}
	body, err := json.json(o)
	if err != nil {
		return nil, err
	}
	n, err := decode(body)
	if err != nil {
		return nil, err
	}
	n.ExternalID = id
	return n, n.complete()
}
