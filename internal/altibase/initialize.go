package altibase

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"aku/internal/akucore"
)

// initialized is the table by which a database remembers that the scripts ran. It
// shares the fate of the data, which no file outside of it does.
const initialized = "AKU_INITIALIZED_"

// Initialize runs the scripts once in the life of the database. When they were
// cut short they run again from the beginning, so what already exists is passed
// over.
func (s *Server) Initialize(ctx context.Context, scripts []akucore.Script) error {
	return s.with(ctx, s.config.QueryTimeout, func(ctx context.Context, c *session) error {
		done, err := c.initialized(ctx)
		if err != nil || done {
			return err
		}
		for _, script := range scripts {
			for _, statement := range splitStatements(script.Text) {
				if err := c.exec(ctx, statement); err != nil && !exists(err) {
					return fmt.Errorf("%s: %q: %w", script.Name, shorten(statement), err)
				}
			}
		}
		return c.exec(ctx, "CREATE TABLE "+user+"."+initialized+" (DONE INTEGER PRIMARY KEY)")
	})
}

// initialized tells whether the scripts ran in this database.
func (c *session) initialized(ctx context.Context) (bool, error) {
	found, err := c.query(ctx, "SELECT T.TABLE_ID FROM SYSTEM_.SYS_USERS_ U, SYSTEM_.SYS_TABLES_ T WHERE U.USER_ID = T.USER_ID AND U.USER_NAME = "+
		literal(user)+" AND T.TABLE_NAME = "+literal(initialized))
	return len(found) > 0, err
}

// exists tells whether a script's statement failed because an earlier run did it:
// 31022 the name is taken, 11058 the row is there.
func exists(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.Code == "31022" || e.Code == "11058")
}

func shorten(statement string) string {
	const most = 80
	line := strings.Join(strings.Fields(statement), " ")
	if len(line) > most {
		return line[:most] + "…"
	}
	return line
}

// splitStatements cuts a script at the semicolons that end statements. A block
// that holds semicolons itself (a procedure) ends with a line "/".
func splitStatements(script string) []string {
	var statements []string
	var b strings.Builder
	flush := func() {
		if s := strings.TrimSpace(b.String()); s != "" {
			statements = append(statements, s)
		}
		b.Reset()
	}
	if strings.Contains("\n"+script+"\n", "\n/\n") {
		for _, block := range strings.Split("\n"+script+"\n", "\n/\n") {
			b.WriteString(block)
			flush()
		}
		return statements
	}
	for i := 0; i < len(script); i++ {
		switch c := script[i]; {
		case c == '\'' || c == '"':
			end := strings.IndexByte(script[i+1:], c)
			if end < 0 {
				end = len(script) - i - 2
			}
			b.WriteString(script[i : i+end+2])
			i += end + 1
		case strings.HasPrefix(script[i:], "--"):
			if end := strings.IndexByte(script[i:], '\n'); end >= 0 {
				i += end - 1
			} else {
				i = len(script)
			}
		case c == ';':
			flush()
		default:
			b.WriteByte(c)
		}
	}
	flush()
	return statements
}
