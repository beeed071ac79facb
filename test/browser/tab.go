package browser

import (
	"context"
	"fmt"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// patience is how long one step may take on a machine that is busy.
const patience = 30 * time.Second

// View is the screen of a tab and what the person in front of it likes.
type View struct {
	Name     string
	Width    int64
	Height   int64
	Touch    bool
	Dark     bool
	NoScript bool
}

// Screens that the pages are looked at with.
var (
	Desktop = View{Name: "desktop", Width: 1280, Height: 900}
	Phone   = View{Name: "phone", Width: 390, Height: 844, Touch: true}
)

// InTheDark is the same screen for people who like it dark.
func (v View) InTheDark() View {
	v.Name, v.Dark = v.Name+"-dark", true
	return v
}

// WithoutScript is the same screen with scripts switched off.
func (v View) WithoutScript() View {
	v.Name, v.NoScript = v.Name+"-noscript", true
	return v
}

// Tab is a page of a browser, without the cookies of any other.
type Tab struct {
	View View

	ctx      context.Context
	stop     context.CancelFunc
	problems problems
}

// Tab opens one.
func (b *Browser) Tab(v View) (*Tab, error) {
	t := &Tab{View: v}
	t.ctx, t.stop = chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext(), chromedp.WithListener(t.problems.note))
	if err := chromedp.Do(t.ctx, chromedp.Func(t.prepare)); err != nil {
		t.stop()
		return nil, fmt.Errorf("open a tab: %w", err)
	}
	return t, nil
}

// prepare sets up the screen and what is listened to.
func (t *Tab) prepare(ctx context.Context, to *chromedp.Target) error {
	scheme := "light"
	if t.View.Dark {
		scheme = "dark"
	}
	if _, err := cdp.Call(ctx, to, network.Enable, network.EnableParams{}); err != nil {
		return err
	}
	if _, err := cdp.Call(ctx, to, audits.Enable, cdp.Empty{}); err != nil {
		return err
	}
	if _, err := cdp.Call(ctx, to, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: t.View.Width, Height: t.View.Height, DeviceScaleFactor: 1, Mobile: t.View.Touch,
	}); err != nil {
		return err
	}
	if _, err := cdp.Call(ctx, to, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: t.View.Touch}); err != nil {
		return err
	}
	if _, err := cdp.Call(ctx, to, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	}); err != nil {
		return err
	}
	_, err := cdp.Call(ctx, to, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: t.View.NoScript})
	return err
}

// Close closes the tab.
func (t *Tab) Close() { t.stop() }

// do runs actions, with patience.
func (t *Tab) do(what string, actions ...chromedp.Action[chromedp.Void]) error {
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// ask runs an action that answers, with patience.
func ask[T any](t *Tab, what string, a chromedp.Action[T]) (T, error) {
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		return v, fmt.Errorf("%s: %w", what, err)
	}
	return v, nil
}

// Open goes to an address and waits until the page is there.
func (t *Tab) Open(url string) error {
	return t.do("open "+url, chromedp.Navigate(url))
}
