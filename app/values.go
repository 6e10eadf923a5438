package app

import (
	"errors"
	"net/url"

	"redis_sentinel_exporter/fleet"
)

// A shardValue takes what [fleet.ParseShard] reads.
type shardValue struct{ shard *fleet.Shard }

// Set implements kingpin.Value.
func (v shardValue) Set(text string) (err error) {
	*v.shard, err = fleet.ParseShard(text)
	return err
}

// String implements kingpin.Value.
func (v shardValue) String() string { return v.shard.String() }

// A urlValue takes the URL of a server, with or without a path.
type urlValue struct{ url **url.URL }

// Set implements kingpin.Value.
func (v urlValue) Set(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("it is not a URL such as https://exporter.example.com:9355/sentinel, without a user and a query")
	}
	*v.url = u
	return nil
}

// String implements kingpin.Value.
func (v urlValue) String() string {
	if *v.url == nil {
		return ""
	}
	return (*v.url).String()
}

// An optionalText takes a text, which can be empty, and is not given by default.
type optionalText struct{ text **string }

// Set implements kingpin.Value.
func (v optionalText) Set(text string) error {
	*v.text = &text
	return nil
}

// String implements kingpin.Value.
func (v optionalText) String() string {
	if *v.text == nil {
		return ""
	}
	return **v.text
}
