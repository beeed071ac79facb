package browser

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/chromedp/chromedp"
)

// Press clicks on what sel finds, or taps on it, and waits for the page that
// comes then.
func (t *Tab) Press(sel string) error {
	return t.follow("press "+sel, chromedp.Click(chromedp.CSS(sel)))
}

// Click clicks on what sel finds and stays on the page.
func (t *Tab) Click(sel string) error {
	return t.do("click "+sel, chromedp.Click(chromedp.CSS(sel)))
}

// Keys presses keys where the focus is.
func (t *Tab) Keys(keys string) error {
	return t.do(fmt.Sprintf("press the keys %q", keys), chromedp.KeyEvent(keys))
}

// Enter presses the enter key where the focus is, and waits for the page that
// comes then.
func (t *Tab) Enter() error { return t.follow("press enter", chromedp.KeyEvent("\r")) }

// follow does something that leads to another page and waits for that.
func (t *Tab) follow(what string, act chromedp.Action[chromedp.Void]) error {
	return t.do(what, chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.RunResponse(ctx, act)
		return err
	}))
}

// Fill types text into a field in place of what is in it.
func (t *Tab) Fill(sel, text string) error {
	if text == "" {
		text = "\b"
	}
	return t.do("fill "+sel, chromedp.WaitVisible(chromedp.CSS(sel)), chromedp.Focus(chromedp.CSS(sel)),
		chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
			_, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("document.activeElement.select(), true"))
			return err
		}), chromedp.KeyEvent(text))
}

// Choose sets the value of a list.
func (t *Tab) Choose(sel, value string) error {
	return t.do("choose "+sel, chromedp.SetValue(chromedp.CSS(sel), value))
}

// Text is what a person reads in the element, as it is laid out.
func (t *Tab) Text(sel string) (string, error) {
	return ask(t, "read "+sel, chromedp.Text(chromedp.CSS(sel)))
}

// WaitFor waits until the page has what sel finds, and it can be seen.
func (t *Tab) WaitFor(sel string) error {
	return t.do("wait for "+sel, chromedp.WaitVisible(chromedp.CSS(sel)))
}

// WaitThere waits until the page has what sel finds, to be seen or not.
func (t *Tab) WaitThere(sel string) error {
	return t.do("wait until there is "+sel, chromedp.WaitReady(chromedp.CSS(sel)))
}

// WaitUntil waits until an expression of the page's own language holds.
func (t *Tab) WaitUntil(expression string) error {
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	_, err := chromedp.Run(ctx, chromedp.Poll[any]("!!("+expression+")", chromedp.WithPollingMutation(), chromedp.WithPollingTimeout(patience)))
	if err != nil {
		return fmt.Errorf("wait until %s: %w", expression, err)
	}
	return nil
}

// Strings evaluates an expression that gives a list of texts, or the promise of
// one.
func (t *Tab) Strings(expression string) ([]string, error) {
	return ask(t, expression, chromedp.Evaluate[[]string](expression, chromedp.EvalAwaitPromise))
}

// Holds evaluates a condition.
func (t *Tab) Holds(expression string) (bool, error) {
	return ask(t, expression, chromedp.Evaluate[bool]("!!("+expression+")"))
}

// Address is where the tab is.
func (t *Tab) Address() (string, error) { return ask(t, "where we are", chromedp.Location()) }

// Screenshot writes a picture of the whole page, also of what is below the edge
// of the screen.
func (t *Tab) Screenshot(file string) error {
	picture, err := ask(t, "take a picture", chromedp.FullScreenshot(100))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, picture, 0o644)
}
