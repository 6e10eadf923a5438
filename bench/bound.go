package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
)

// A bound is the least that a snapshot can cost: all commands pipelined on a kept
// connection, each reply read once into a struct of its fields.
type bound struct {
	conn  net.Conn
	in    *bufio.Reader
	names []string
	buf   []byte
}

// A boundRow is a reply's row: the fields that the metrics are made of.
type boundRow struct {
	name, ip, port, runID, flags string
	numbers                      [16]int64
}

func newBound(addr string) (*bound, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &bound{conn: conn, in: bufio.NewReaderSize(conn, 64<<10)}, nil
}

func (b *bound) close() { _ = b.conn.Close() }

// snapshot asks for everything and reads it.
func (b *bound) snapshot() error {
	b.buf = append(b.buf[:0], "*1\r\n$4\r\nINFO\r\n*2\r\n$8\r\nSENTINEL\r\n$4\r\nMYID\r\n*2\r\n$8\r\nSENTINEL\r\n$7\r\nMASTERS\r\n"...)
	for _, name := range b.names {
		for _, command := range []string{"REPLICAS", "SENTINELS", "CKQUORUM"} {
			b.buf = fmt.Appendf(b.buf, "*3\r\n$8\r\nSENTINEL\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n", len(command), command, len(name), name)
		}
	}
	failed := make(chan error, 1)
	go func() {
		_, err := b.conn.Write(b.buf)
		failed <- err
	}()
	err := b.read()
	return errors.Join(<-failed, err)
}

func (b *bound) read() error {
	for range 2 { // INFO, MYID
		if _, err := b.bulk(); err != nil {
			return err
		}
	}
	masters, err := b.rows()
	if err != nil {
		return err
	}
	for range b.names {
		for range 2 {
			if _, err := b.rows(); err != nil {
				return err
			}
		}
		if _, err := b.in.ReadSlice('\n'); err != nil {
			return err
		}
	}
	b.names = b.names[:0]
	for i := range masters {
		b.names = append(b.names, masters[i].name)
	}
	return nil
}

func (b *bound) rows() ([]boundRow, error) {
	n, err := b.length('*')
	if err != nil {
		return nil, err
	}
	rows := make([]boundRow, n)
	for i := range rows {
		if err := b.row(&rows[i]); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

func (b *bound) row(row *boundRow) error {
	n, err := b.length('*')
	if err != nil {
		return err
	}
	numbers := 0
	for range n / 2 {
		name, err := b.bulk()
		if err != nil {
			return err
		}
		target := row.field(name)
		value, err := b.bulk()
		if err != nil {
			return err
		}
		if target != nil {
			*target = string(value)
		} else if v, err := strconv.ParseInt(string(value), 10, 64); err == nil && numbers < len(row.numbers) {
			row.numbers[numbers] = v
			numbers++
		}
	}
	return nil
}

func (row *boundRow) field(name []byte) *string {
	switch string(name) {
	case "name":
		return &row.name
	case "ip":
		return &row.ip
	case "port":
		return &row.port
	case "runid":
		return &row.runID
	case "flags":
		return &row.flags
	}
	return nil
}

func (b *bound) length(kind byte) (int, error) {
	line, err := b.in.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	if line[0] != kind {
		return 0, fmt.Errorf("%q where %c should be", line, kind)
	}
	return strconv.Atoi(string(bytes.TrimSpace(line[1:])))
}

// bulk returns a string; it is good until the next read.
func (b *bound) bulk() ([]byte, error) {
	n, err := b.length('$')
	if err != nil {
		return nil, err
	}
	if text, err := b.in.Peek(n + 2); err == nil {
		_, err = b.in.Discard(n + 2)
		return text[:n], err
	}
	text := make([]byte, n+2) // larger than the buffer: INFO of a thousand masters
	_, err = io.ReadFull(b.in, text)
	return text[:n], err
}
