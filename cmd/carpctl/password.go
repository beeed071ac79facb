package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// askPassword asks twice on a terminal, without showing what is typed; else it
// takes the first line of standard input. The command line is no place for one:
// every user of the machine can read it.
func (e *env) askPassword() (string, error) {
	if f, ok := e.stdin.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return twice(func(prompt string) (string, error) {
			fmt.Fprint(e.stderr, prompt)
			text, err := term.ReadPassword(int(f.Fd()))
			fmt.Fprintln(e.stderr)
			return string(text), err
		})
	}
	if e.stdin == nil {
		return "", errors.New("nothing on standard input")
	}
	line, err := bufio.NewReader(io.LimitReader(e.stdin, 4096)).ReadString('\n')
	line = strings.TrimRight(line, "\r\n")
	if line == "" {
		return "", errors.Join(errors.New("nothing on standard input: give it there, or say --no-password or --password-file"), notEOF(err))
	}
	return line, nil
}

// twice asks twice for the same.
func twice(ask func(prompt string) (string, error)) (string, error) {
	first, err := ask("Password: ")
	if err != nil {
		return "", err
	}
	again, err := ask("The same again: ")
	if err == nil && first != again {
		err = errors.New("the two are not the same")
	}
	return first, err
}

// notEOF is an error that is more than the end of the input.
func notEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
