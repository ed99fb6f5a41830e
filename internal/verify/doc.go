// Package verify checks whether the pods hold the same rows. It reads like a user, in one
// plain session per pod, and changes nothing.
//
//   - In service: every pod lets users in, and every pair runs both ways.
//   - Delivered: every other server has applied what each server had written when verify
//     asked it. V$REPGAP gives a number of the sender's log, and the peer's
//     V$REPRECEIVER shows how far the peer is.
//   - Counted: the tables have the same number of rows everywhere.
//   - Compared, when a caller asks for it, or when counts do not agree because users
//     write: checksums of the same key range on all pods. Verify halves a range that
//     differs, down to the rows.
//
// Verify computes the checksums itself, page by page, because the server's hash functions
// take no row.
//
// Verify identifies a row by its key: the next page begins at a key, and a row is read again
// by its key. This does not work for some types (a float that is rounded on its way, a text
// that is read as another one). Verify detects it: a row that exists but is not found by its
// key is reported as a fault of the table.
//
// Users may write meanwhile. So a row counts as different only when
//
//   - it differs in several reads in a row,
//   - everything that the pods had written is delivered between the reads, and
//   - on some pod the row did not change: a row in flight does change.
package verify
