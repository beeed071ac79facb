package cluster

import (
	"context"
	"errors"
	"net"
	"net/url"
	"os"
	"syscall"
)

// why says what the network said without the words of the library around it.
func why(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	var d *denied
	var op *net.OpError
	switch {
	case errors.As(err, &d):
		return d
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return errors.New("no answer in time")
	case errors.Is(err, syscall.ECONNREFUSED):
		return errors.New("nobody listens there")
	case errors.As(err, &op):
		return op.Err
	}
	return err
}
