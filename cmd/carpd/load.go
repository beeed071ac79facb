package main

import (
	"os"

	"github.com/rs/zerolog"
	"golang.org/x/term"
)

// newLogger logs to stderr: for people on a terminal, JSON otherwise.
func newLogger(level string) zerolog.Logger {
	l, err := zerolog.ParseLevel(level)
	if err != nil || level == "" {
		l = zerolog.InfoLevel
	}
	zerolog.TimeFieldFormat = "2006-01-02T15:04:05.000Z07:00"
	if !term.IsTerminal(int(os.Stderr.Fd())) {
		return zerolog.New(os.Stderr).Level(l).With().Timestamp().Logger()
	}
	out := zerolog.ConsoleWriter{
		Out: os.Stderr, TimeFormat: "15:04:05.000", NoColor: os.Getenv("NO_COLOR") != "",
		FieldsOrder: []string{"group", "from", "to", "cause"},
	}
	return zerolog.New(out).Level(l).With().Timestamp().Logger()
}
