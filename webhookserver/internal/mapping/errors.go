package mapping

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// FieldError says what is wrong with one field. Its detail may hold a part of
// the body, such as the text that is no number; it is for the sender alone.
type FieldError struct {
	// Field is a path such as items[0].quantity; empty for the whole body. For an
	// expression it is the expression and the place in it.
	Field string `json:"field"`
	// Detail is the rule that was broken.
	Detail string `json:"detail"`
}

// maxFieldErrors and maxFieldBytes bound an answer: the names of unknown fields
// are the sender's own.
const (
	maxFieldErrors = 20
	maxFieldBytes  = 200
)

var (
	// ErrCardData means that the body, or what the expressions made of it, holds
	// what looks like a payment card number.
	ErrCardData = errors.New("body holds a payment card number")
	// ErrIgnored means that the source's filter is false for the event.
	ErrIgnored = errors.New("event is not wanted by the source")
)

// BodyError means that the body, or what the expressions made of it, is not an
// order. Its text names no field, for field names are the sender's; Fields go to
// the sender alone.
type BodyError struct {
	// Fields that are wrong, at most 20.
	Fields []FieldError
}

// Error implements error.
func (e *BodyError) Error() string { return "body is not a valid order" }

func bodyError(field, detail string) *BodyError {
	return &BodyError{Fields: []FieldError{{Field: clip(field), Detail: detail}}}
}

// within puts the fields under that of which they are parts.
func (e *BodyError) within(place string) *BodyError {
	out := &BodyError{}
	for _, f := range e.Fields {
		if f.Field != "" {
			f.Field = "." + f.Field
		}
		out.Fields = append(out.Fields, FieldError{Field: clip(place + f.Field), Detail: f.Detail})
	}
	return out
}

// ExpressionError means that the source's expressions make no order of the body.
// Its text says where, not why: the reason may hold a part of the body. Fields
// go to the sender alone.
type ExpressionError struct {
	// Fields are the expressions that failed, with the place in each.
	Fields []FieldError
}

// Error implements error.
func (e *ExpressionError) Error() string {
	if len(e.Fields) == 0 {
		return "expression failed over the body"
	}
	return e.Fields[0].Field + ": expression failed over the body"
}

func expressionError(field, detail string) *ExpressionError {
	return &ExpressionError{Fields: []FieldError{{Field: field, Detail: clip(detail)}}}
}

// CompileError is what is wrong with an expression of a source.
type CompileError struct {
	// Field of the source's spec, such as mapping.order.
	Field string
	// Line and Column in it, both from 1.
	Line, Column int
	// Message of the compiler.
	Message string
}

// Error implements error.
func (e *CompileError) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.Field, e.Line, e.Column, e.Message)
}

// clip shortens what is too long for an answer, at the end of a character.
func clip(text string) string {
	if len(text) <= maxFieldBytes {
		return text
	}
	end := maxFieldBytes
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}
