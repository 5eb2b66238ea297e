package app

import (
	"io"
	"testing"
	"time"

	"github.com/spf13/pflag"
)

func parse(t *testing.T, args ...string) Options {
	t.Helper()
	var o Options
	f := pflag.NewFlagSet("test", pflag.ContinueOnError)
	o.Bind(f)
	if err := f.Parse(args); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestOptionsThatWouldLoseOutcomesAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		ok   bool
	}{
		"the defaults":                   {nil, true},
		"a call longer than the drain":   {[]string{"--call-timeout=60s", "--drain-timeout=30s"}, false},
		"a drain without the write":      {[]string{"--call-timeout=20s", "--drain-timeout=35s"}, false},
		"a call without end":             {[]string{"--call-timeout=0s"}, false},
		"no workers":                     {[]string{"--max-concurrent-reconciles=0"}, false},
		"a log of no known form":         {[]string{"--log-format=xml"}, false},
		"a lease shorter than its mail":  {[]string{"--mail-lease=1s"}, false},
		"connections without bound":      {[]string{"--webhook-max-connections=0"}, true},
		"fewer connections than none":    {[]string{"--webhook-max-connections=-1"}, false},
		"no room for a body":             {[]string{"--webhook-body-budget=1048576"}, false},
		"deliveries kept for ever":       {[]string{"--delivery-retention=0"}, true},
		"deliveries kept for a week":     {[]string{"--delivery-retention=168h"}, false},
		"orders removed before they end": {[]string{"--retention=-1h"}, false},
		"orders removed at once":         {[]string{"--retention=1s"}, true},
		"personal data kept a minute":    {[]string{"--personal-data-retention=1m"}, false},
		"personal data kept a year":      {[]string{"--personal-data-retention=8760h"}, true},
		"a certificate without its key":  {[]string{"--webhook-tls-cert-file=tls.crt"}, false},
		"a key without its certificate":  {[]string{"--webhook-tls-key-file=tls.key"}, false},
		"a certificate and its key":      {[]string{"--webhook-tls-cert-file=tls.crt", "--webhook-tls-key-file=tls.key"}, true},
	} {
		o := parse(t, c.args...)
		if err := o.check(); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOptionsOfNoKnownFormAreRefused(t *testing.T) {
	o := parse(t, "--log-level=loud", "--trusted-proxy=everybody")
	if _, err := o.logger(io.Discard); err == nil {
		t.Error("the log level is taken")
	}
	if _, err := o.proxies(); err == nil {
		t.Error("the proxy is taken")
	}
	o = parse(t, "--trusted-proxy=10.0.0.0/8,192.168.0.0/16")
	if proxies, err := o.proxies(); err != nil || len(proxies) != 2 {
		t.Errorf("proxies = %v, %v", proxies, err)
	}
}

func TestTheDefaultsFitTheManifests(t *testing.T) {
	o := parse(t)
	if o.CallTimeout != 20*time.Second || o.DrainTimeout != 50*time.Second {
		t.Errorf("call %s, drain %s: the manifests and docs/operations.md say 20s and 50s", o.CallTimeout, o.DrainTimeout)
	}
}
