// Package telemetry sets up logs the same way in every service.
package telemetry

import (
	"log/slog"
	"os"
)

func Setup(service string) {
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stderr, nil)).With("service", service))
}
