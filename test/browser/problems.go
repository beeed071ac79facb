package browser

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
)

// problems collects what went wrong in a tab. It is told by the goroutine that
// reads from the browser.
type problems struct {
	mu       sync.Mutex
	list     []string
	expected int
	urls     map[network.RequestID]string
}

// Problems are all since the last call: errors and warnings in the console,
// exceptions, what the browser's own audit found (such as violations of the
// content security policy), requests that failed or were answered with an
// error.
func (t *Tab) Problems() []string {
	t.problems.mu.Lock()
	defer t.problems.mu.Unlock()
	list := t.problems.list
	t.problems.list = nil
	return list
}

// Expect tells that an answer with this status is no problem from now on, such
// as that of a form that is meant to be refused; 0 ends it.
func (t *Tab) Expect(status int) {
	t.problems.mu.Lock()
	defer t.problems.mu.Unlock()
	t.problems.expected = status
}

// entry takes a line of the browser's own log, unless it tells of an answer that
// was expected.
func (p *problems) entry(e *log.Entry) {
	expected := p.expected != 0 && strings.Contains(e.Text, fmt.Sprintf("responded with a status of %d (", p.expected))
	if !expected && (e.Level == log.EntryLevelError || e.Level == log.EntryLevelWarning) {
		p.add("%s from %s: %s %s", e.Level, e.Source, e.Text, e.URL)
	}
}

// note sorts an event.
func (p *problems) note(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning || e.Type == runtime.ConsoleAPICalledTypeAssert {
			p.add("console.%s: %s", e.Type, arguments(e.Args))
		}
	case *runtime.EventExceptionThrown:
		p.add("exception: %s", exception(e.ExceptionDetails))
	case *log.EventEntryAdded:
		p.entry(e.Entry)
	case *audits.EventIssueAdded:
		p.issue(e.Issue)
	case *network.EventRequestWillBeSent:
		p.remember(e)
	case *network.EventLoadingFailed:
		// A page that is left ends its own requests, such as a stream.
		if !e.Canceled {
			p.add("failed: %s %s %s", p.urls[e.RequestID], e.ErrorText, e.BlockedReason)
		}
	case *network.EventResponseReceived:
		if e.Response.Status >= 400 && e.Response.Status != int64(p.expected) {
			p.add("answer %d: %s", e.Response.Status, e.Response.URL)
		}
	}
}

// issue takes what the audit found, except its guesses at what a browser could
// fill in by itself.
func (p *problems) issue(i *audits.InspectorIssue) {
	if i.Code != audits.InspectorIssueCodeGenericIssue {
		details, _ := json.Marshal(i.Details)
		p.add("issue %s: %s", i.Code, details)
	}
}

// remember keeps the address of a request for the time that it fails.
func (p *problems) remember(e *network.EventRequestWillBeSent) {
	if p.urls == nil {
		p.urls = map[network.RequestID]string{}
	}
	p.urls[e.RequestID] = e.Request.Method + " " + e.Request.URL
}

// add keeps a line, once.
func (p *problems) add(format string, args ...any) {
	line := strings.TrimSpace(fmt.Sprintf(format, args...))
	if !slices.Contains(p.list, line) {
		p.list = append(p.list, line)
	}
}

// arguments are those of a call of the console.
func arguments(args []*runtime.RemoteObject) string {
	var words []string
	for _, a := range args {
		if a.Description != "" {
			words = append(words, a.Description)
			continue
		}
		words = append(words, string(a.Value))
	}
	return strings.Join(words, " ")
}

// exception is the text with the trace, if there is one.
func exception(d *runtime.ExceptionDetails) string {
	if d.Exception != nil && d.Exception.Description != "" {
		return d.Exception.Description
	}
	return d.Text
}
