package sentineltest

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
)

// A replySet holds every reply of a Fake, made beforehand.
type replySet struct {
	id    []byte
	roles []byte
	info  map[string][]byte // by section, "" for all of it
	resp2 *replies
	resp3 func() *replies // made when a client first asks for RESP3
}

// replies are those whose form depends on the protocol version.
type replies struct {
	masters []byte
	byName  map[string]masterReplies
	null    []byte // for the address of an unknown master
}

// masterReplies are the replies about one master, by subcommand.
type masterReplies map[string][]byte

func newReplySet(cfg FakeConfig) *replySet {
	cfg = cfg.withDefaults()
	masters := cfg.masters()
	return &replySet{
		id:    Bulk(cfg.ID),
		roles: rolesReply(masters),
		info:  infoReplies(cfg, masters),
		resp2: render(masters, '*'),
		resp3: sync.OnceValue(func() *replies { return render(masters, '%') }),
	}
}

// render makes the replies about the masters, with rows as flat arrays ('*') or as maps ('%').
func render(masters []fakeMaster, rowKind byte) *replies {
	r := &replies{byName: make(map[string]masterReplies, len(masters)), null: []byte("*-1\r\n")}
	if rowKind == '%' {
		r.null = []byte("_\r\n")
	}
	r.masters = arrayHead(len(masters))
	for _, m := range masters {
		row := appendRow(nil, rowKind, m.row)
		r.masters = append(r.masters, row...)
		replicas := rowsReply(rowKind, m.replicas)
		r.byName[m.name] = masterReplies{
			"MASTER":                  row,
			"REPLICAS":                replicas,
			"SLAVES":                  replicas,
			"SENTINELS":               rowsReply(rowKind, m.sentinels),
			"CKQUORUM":                quorumReply(m),
			"GET-MASTER-ADDR-BY-NAME": append(append(arrayHead(2), Bulk(m.row.Get("ip"))...), Bulk(m.row.Get("port"))...),
		}
	}
	return r
}

func rowsReply(rowKind byte, rows []Row) []byte {
	b := arrayHead(len(rows))
	for _, row := range rows {
		b = appendRow(b, rowKind, row)
	}
	return b
}

func appendRow(b []byte, kind byte, row Row) []byte {
	n := len(row)
	if kind == '*' {
		n *= 2
	}
	b = appendCount(b, kind, n)
	for _, f := range row {
		b = appendBulk(appendBulk(b, f.Name), f.Value)
	}
	return b
}

func arrayHead(n int) []byte { return appendCount(nil, '*', n) }

func appendCount(b []byte, kind byte, n int) []byte {
	return append(strconv.AppendInt(append(b, kind), int64(n), 10), "\r\n"...)
}

func appendBulk(b []byte, s string) []byte {
	return append(append(appendCount(b, '$', len(s)), s...), "\r\n"...)
}

// Bulk is the wire form of a bulk string, for use in scripts.
func Bulk(s string) []byte { return appendBulk(nil, s) }

// quorumReply counts as Sentinel does: itself, and the others that are not s_down.
func quorumReply(m fakeMaster) []byte {
	usable := 1
	for _, s := range m.sentinels {
		if !strings.Contains(s.Get("flags"), "s_down") {
			usable++
		}
	}
	quorum, _ := strconv.Atoi(m.row.Get("quorum")) // an edited one that is no number counts as none
	const problem = " Not enough available Sentinels to reach the "
	var problems string
	if usable < quorum {
		problems += problem + "specified quorum for this master"
	}
	if usable < (len(m.sentinels)+1)/2+1 {
		problems += strings.Repeat(".", min(1, len(problems))) + problem + "majority and authorize a failover"
	}
	if problems != "" {
		return fmt.Appendf(nil, "-NOQUORUM %d usable Sentinels.%s\r\n", usable, problems)
	}
	return fmt.Appendf(nil, "+OK %d usable Sentinels. Quorum and failover authorization can be reached\r\n", usable)
}

func rolesReply(masters []fakeMaster) []byte {
	b := append(append(arrayHead(2), Bulk("sentinel")...), arrayHead(len(masters))...)
	for _, m := range masters {
		b = append(b, Bulk(m.name)...)
	}
	return b
}

// answer picks the reply to a command, whose name is in capitals.
func (s *replySet) answer(c *fakeConn, args []string) []byte {
	name, args := args[0], args[1:]
	switch {
	case name == "SENTINEL":
		return s.sentinel(c, args)
	case name == "INFO":
		return s.infoReply(args)
	case name == "PSUBSCRIBE" && len(args) == 1:
		return append(append(append(arrayHead(3), Bulk("psubscribe")...), Bulk(args[0])...), ":1\r\n"...)
	case name == "PING" && c.subscribed.Load():
		return append(append(arrayHead(2), Bulk("pong")...), Bulk("")...)
	case name == "PING" && len(args) == 0:
		return []byte("+PONG\r\n")
	case name == "PING" && len(args) == 1:
		return Bulk(args[0])
	case name == "ROLE":
		return s.roles
	case name == "HELLO":
		return hello(c, args)
	case name == "AUTH" && len(args) == 2:
		return []byte("+OK\r\n") // whatever the password: none is demanded
	case name == "AUTH":
		return errorReply("ERR AUTH <password> called without any password configured for the default user. " +
			"Are you sure your configuration is correct?")
	case name == "CLIENT" && len(args) == 2 && strings.EqualFold(args[0], "SETNAME"):
		return []byte("+OK\r\n")
	case name == "CLIENT" && len(args) > 0:
		return errorReply("ERR unknown subcommand '" + args[0] + "'. Try CLIENT HELP.")
	case name == "PING":
		return errorReply("ERR wrong number of arguments for 'ping' command")
	}
	return errorReply(unknownCommand(name, args))
}

func (s *replySet) sentinel(c *fakeConn, args []string) []byte {
	if len(args) == 0 {
		return errorReply("ERR wrong number of arguments for 'sentinel' command")
	}
	sub := strings.ToUpper(args[0])
	words, known := subcommands(sub)
	switch {
	case !known:
		return errorReply("ERR unknown subcommand '" + args[0] + "'. Try SENTINEL HELP.")
	case len(args) != words:
		return errorReply("ERR wrong number of arguments for 'sentinel|" + strings.ToLower(sub) + "' command")
	}
	set := s.resp2
	if c.resp3 {
		set = s.resp3()
	}
	switch sub {
	case "MASTERS":
		return set.masters
	case "MYID":
		return s.id
	case "PENDING-SCRIPTS":
		return arrayHead(0)
	}
	return set.about(sub, args[1])
}

// subcommands says of how many words the fake's subcommands are, and which it has.
func subcommands(sub string) (words int, known bool) {
	switch sub {
	case "MASTERS", "MYID", "PENDING-SCRIPTS":
		return 1, true
	case "MASTER", "REPLICAS", "SLAVES", "SENTINELS", "CKQUORUM", "GET-MASTER-ADDR-BY-NAME":
		return 2, true
	}
	return 0, false
}

func (r *replies) about(sub, master string) []byte {
	if reply, ok := r.byName[master][sub]; ok {
		return reply
	}
	if sub == "GET-MASTER-ADDR-BY-NAME" {
		return r.null
	}
	return errorReply("ERR No such master with that name")
}

func hello(c *fakeConn, args []string) []byte {
	version := "2"
	if len(args) > 0 {
		version = args[0]
	}
	if version != "2" && version != "3" {
		return errorReply("NOPROTO unsupported protocol version")
	}
	c.resp3 = version == "3"
	head := "*12\r\n"
	if c.resp3 {
		head = "%6\r\n"
	}
	return fmt.Appendf(nil, "%s%s%s%s%s%s:%s\r\n%s:1\r\n%s%s%s*0\r\n", head, Bulk("server"), Bulk("redis"),
		Bulk("version"), Bulk("7.0.15"), Bulk("proto"), version, Bulk("id"), Bulk("mode"), Bulk("sentinel"), Bulk("modules"))
}

func errorReply(text string) []byte {
	return []byte("-" + strings.NewReplacer("\r", " ", "\n", " ").Replace(text) + "\r\n")
}

func unknownCommand(name string, args []string) string {
	var text strings.Builder
	text.WriteString("ERR unknown command '" + name + "', with args beginning with: ")
	for _, a := range args {
		text.WriteString("'" + a + "' ")
	}
	return text.String()
}

// infoReply is one section of INFO, or all; of several named sections only the first.
func (s *replySet) infoReply(args []string) []byte {
	section := ""
	if len(args) > 0 {
		section = strings.ToLower(args[0])
	}
	switch section {
	case "all", "default", "everything":
		section = ""
	}
	if reply, ok := s.info[section]; ok {
		return reply
	}
	return Bulk("")
}
