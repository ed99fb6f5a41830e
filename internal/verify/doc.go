// Package verify tells whether the pods hold the same rows. It looks as a user
// would, on one plain session per pod, and changes nothing.
//
//   - In service: every pod lets users in, and every pair runs both ways.
//   - Delivered: what each server had written when it was looked at is applied on
//     every other one. V$REPGAP names a number of the sender's log, and the peer's
//     V$REPRECEIVER says how far it is.
//   - Counted: the tables have the same number of rows everywhere.
//   - Compared, when that is asked for, or when counts do not agree because users
//     write: checksums of the same key range on all pods. A range that differs is
//     cut in halves, down to the rows.
//
// Checksums are made here, page by page: the server's hash functions take no row.
//
// All of that rests on keys: a row is shown with its key as a condition, by which the next
// page begins and the row is looked up again. Types for which that does not hold (a float
// that is rounded on its way, a text that is read as another one) are found out: a row that
// is there and not found by its key is a fault of the table.
//
// Users may write meanwhile. So a row counts as different only when it is different
// at several looks in a row, all that the pods had written is delivered between
// them, and on some pod it did not move: a row in flight does move.
package verify
