package agent

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A node that preempts a living MASTER accepts at once but answers only after
// 50 ms; the one that yields answers no more and accepts what is still under way,
// for 350 ms.
func TestPreemptHoldsAnswers(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		b := l.start(2, settings(100))
		pass(10 * time.Second)
		a := l.start(1, settings(0))
		for a.state() != "MASTER" {
			pass(time.Millisecond)
		}
		now := a.Groups()[0].Since
		synctest.Wait()
		if a.answering() || b.answering() {
			t.Fatalf("answering: %v and %v", a.answering(), b.answering())
		}
		if diff := cmp.Diff([]string{"answer never", "accept for 350ms"}, b.deeds(now)[len(b.deeds(now))-2:]); diff != "" || slices.Contains(b.deeds(now), "bow-out IPv4") {
			t.Errorf("the one that yields: %q", b.deeds(now))
		}
		time.Sleep(time.Until(now.Add(49 * time.Millisecond)))
		if a.answering() {
			t.Error("answers before its time")
		}
		pass(2 * time.Millisecond)
		if !a.answering() || a.Groups()[0].AnswerFor == 0 {
			t.Errorf("answers: %v, shown %v", a.answering(), a.Groups()[0].AnswerFor)
		}
	})
}

// The 50 ms count from the first advert, which the addresses keep waiting: until
// then the old MASTER has nothing to read.
func TestHoldCountsFromTheFirstAdvert(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		b := l.start(2, settings(100))
		pass(10 * time.Second)
		a := l.start(1, settings(0))
		a.mu.Lock()
		a.slow = 100 * time.Millisecond
		a.mu.Unlock()
		for b.state() == "MASTER" {
			pass(time.Millisecond)
		}
		yielded := time.Now()
		pass(45 * time.Millisecond)
		if a.answering() {
			t.Errorf("answers %v after its first advert", time.Since(yielded))
		}
		pass(10 * time.Millisecond)
		if !a.answering() {
			t.Error("still silent")
		}
	})
}
