package sentinel

// A Command is one of the commands that a snapshot consists of.
type Command int

// The commands of a snapshot, in the order in which they are sent.
const (
	CommandInfo Command = iota
	CommandMyID
	CommandMasters
	CommandReplicas
	CommandSentinels
	CommandCKQuorum
	CommandInfoCache
	numCommands
)

// String returns the value of the label command.
func (c Command) String() string {
	return [numCommands]string{"info", "myid", "masters", "replicas", "sentinels", "ckquorum", "info_cache"}[c]
}

// Commands returns all commands of a snapshot.
func Commands() []Command {
	return []Command{
		CommandInfo, CommandMyID, CommandMasters, CommandReplicas, CommandSentinels, CommandCKQuorum, CommandInfoCache,
	}
}

// generalCommands returns the commands that are not about one master.
func generalCommands() []Command { return []Command{CommandInfo, CommandMyID, CommandMasters} }

// aboutMaster returns the commands that are sent for each master.
func (c *Client) aboutMaster() []Command {
	if c.options.InfoCache {
		return []Command{CommandReplicas, CommandSentinels, CommandCKQuorum, CommandInfoCache}
	}
	return []Command{CommandReplicas, CommandSentinels, CommandCKQuorum}
}

const (
	// fewMasters is up to how many masters of a Sentinel INFO-CACHE is asked with all
	// else: there it adds less than 15 % to the cost of a scrape (docs/design.md).
	fewMasters = 1
	// mostUnwell is of how many masters that do not look well it is asked at most.
	mostUnwell = 100
)

// asking are the commands that are sent about each of some masters. INFO-CACHE, the last
// one, can be among them without being demanded.
func (c *Client) asking(masters int) []Command {
	commands := c.aboutMaster()
	if !c.options.InfoCache && !c.noCache && masters <= fewMasters {
		commands = append(commands, CommandInfoCache)
	}
	return commands
}

// mostWords is how many words a command has at most.
const mostWords = 3

// arguments appends the words of a command. The master is a string, or nil where the command is not about one.
func (c *Client) arguments(words []any, command Command, master any) []any {
	switch command {
	case CommandInfo:
		return append(words, "INFO")
	case CommandMyID:
		return append(words, "SENTINEL", "MYID")
	case CommandMasters:
		return append(words, "SENTINEL", "MASTERS")
	case CommandReplicas:
		if c.slaves {
			return append(words, "SENTINEL", "SLAVES", master)
		}
		return append(words, "SENTINEL", "REPLICAS", master)
	case CommandSentinels:
		return append(words, "SENTINEL", "SENTINELS", master)
	case CommandCKQuorum:
		return append(words, "SENTINEL", "CKQUORUM", master)
	default:
		return append(words, "SENTINEL", "INFO-CACHE", master)
	}
}
