// Package browser is the instrument with which tests look at web pages: a real
// Chromium without a screen, in which every error in the console, everything
// that the content security policy stopped and every request that failed is
// kept, and whose pages axe-core judges.
package browser

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/chromedp/chromedp"
)

// Browser is one Chromium with a fresh profile.
type Browser struct {
	ctx context.Context
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
	opts := []chromedp.ExecAllocatorOption{
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
	ctx, _ := chromedp.NewContext(alloc)
	b := &Browser{ctx}
	if err := chromedp.Do(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("start Chromium: %w", err), b.Close())
	}
	return b, nil
}

// Close ends Chromium with its helpers and removes its profile.
func (b *Browser) Close() error {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	return chromedp.Cancel(ctx)
}
