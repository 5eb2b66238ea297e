package webhookserver

import (
	"errors"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/webhookserver/internal/mapping"
)

// maxInvalidFields bounds an answer.
const maxInvalidFields = 20

// invalidFields lists what the API server found wrong, in the sender's terms:
// paths of the native body, rules without the values that broke them.
func invalidFields(err error) []mapping.FieldError {
	status := apierrors.APIStatus(nil)
	if !errors.As(err, &status) || status.Status().Details == nil {
		return nil
	}
	var out []mapping.FieldError
	for _, cause := range status.Status().Details.Causes {
		if len(out) == maxInvalidFields {
			break
		}
		out = append(out, mapping.FieldError{Field: nativeField(cause.Field), Detail: rule(cause)})
	}
	return out
}

// nativeField turns a path of the resource into one of the native body.
func nativeField(field string) string {
	field = strings.TrimPrefix(field, "spec.source.")
	field = strings.TrimPrefix(field, "spec.")
	if field == "spec" || field == "<nil>" {
		return ""
	}
	return field
}

// rule is the part of a message behind the offending value. The API server
// writes "Invalid value: <value>: <rule>", and the rules of the resources hold
// no colon, so what follows the last one is never the sender's.
func rule(cause metav1.StatusCause) string {
	switch cause.Type {
	case metav1.CauseTypeFieldValueRequired:
		return "is required"
	case metav1.CauseTypeFieldValueDuplicate:
		return "is given twice"
	case metav1.CauseTypeTypeInvalid:
		return "has the wrong type"
	}
	message := cause.Message
	if at := strings.LastIndex(message, ": "); at >= 0 {
		message = message[at+len(": "):]
	}
	if at := strings.Index(message, " in body "); at >= 0 {
		message = message[at+len(" in body "):]
	}
	if cause.Type == metav1.CauseTypeFieldValueNotSupported {
		return "must be one of " + message
	}
	return message
}
