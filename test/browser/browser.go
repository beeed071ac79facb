// Package browser is the instrument with which tests look at web pages: a real
// Chromium without a screen, in which every error in the console, everything
// that the content security policy stopped and every request that failed is
// kept, and whose pages axe-core judges.
package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/chromedp/chromedp"
)

// Browser is one Chromium with a fresh profile.
type Browser struct {
	ctx  context.Context
	stop context.CancelFunc
	dir  string
}

// quiet are what keeps Chromium from going out by itself, and from what a
// machine without a screen does not have.
var quiet = []string{
	"headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "no-default-browser-check",
	"disable-background-networking", "disable-component-update", "disable-sync", "disable-default-apps",
	"disable-extensions", "disable-dev-shm-usage", "disable-breakpad", "metrics-recording-only",
	"disable-backgrounding-occluded-windows", "disable-renderer-backgrounding", "hide-scrollbars",
}

// Start starts it. It takes the certificates whose keys have these SHA-256
// hashes (of the SubjectPublicKeyInfo, in base64), and else those only that
// are in order.
func Start(keys ...string) (*Browser, error) {
	dir, err := os.MkdirTemp("", "carpd-browser-")
	if err != nil {
		return nil, err
	}
	opts := []chromedp.ExecAllocatorOption{
		chromedp.UserDataDir(dir),
		chromedp.Flag("disable-features", "Translate,MediaRouter,OptimizationHints"),
		chromedp.Flag("force-color-profile", "srgb"),
		chromedp.Flag("password-store", "basic"),
	}
	for _, q := range quiet {
		opts = append(opts, chromedp.Flag(q, true))
	}
	if len(keys) > 0 {
		opts = append(opts, chromedp.Flag("ignore-certificate-errors-spki-list", strings.Join(keys, ",")))
	}
	alloc, _ := chromedp.NewExecAllocator(context.Background(), opts...)
	ctx, stop := chromedp.NewContext(alloc)
	b := &Browser{ctx: ctx, stop: stop, dir: dir}
	if err := chromedp.Do(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("start Chromium: %w", err), b.Close())
	}
	return b, nil
}

// Close ends Chromium and removes its profile.
func (b *Browser) Close() error {
	b.stop()
	var err error
	for range 50 { // Its helpers may still write for a moment.
		if err = os.RemoveAll(b.dir); err == nil {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return err
}
