package collector

import "redis_sentinel_exporter/sentinel"

// These functions return the value of a metric, and whether it is known.

// truth returns 1 for true.
func truth(b bool) (float64, bool) {
	if b {
		return 1, true
	}
	return 0, true
}

// unknown returns no value, for which there is no sample.
func unknown() (float64, bool) { return 0, false }

func number(n sentinel.Number) (float64, bool) { return float64(n.Value), n.Present }

func count(n int) (float64, bool) { return float64(n), true }

func seconds(d sentinel.Duration) (float64, bool) { return d.Value.Seconds(), d.Present }

// always returns 1, the value of an info metric.
func always[R any](*R) (float64, bool) { return 1, true }
