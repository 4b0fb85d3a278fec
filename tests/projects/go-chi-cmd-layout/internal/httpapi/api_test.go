package httpapi

import "testing"

func TestNewNeedsConnection(t *testing.T) {
	t.Skip("needs a NATS server")
}
