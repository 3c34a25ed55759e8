#pragma once
// `winnow pool check` and `winnow pool show`.

#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

#include "pool/decode_check.h"
#include "pool/pool.h"

namespace winnow {

// Prints what is in a pool: rows, modality, question types, length in words, kinds of media,
// duplicates by content, sources with their shares, what is not honoured, and the ledger by kind
// with its first rows; as text, or as one JSON object. Rows that turned out `undecodable` are bad
// rows. Returns 0. To see a pool with more bad rows than its limit allows, read it with
// maximum_bad_share = 1.
int pool_check(const Pool& pool, const std::vector<UndecodableRow>& undecodable, std::ostream& out,
               bool json);

// Writes the whole ledger: one JSON object {file, line, kind, reason} a row. Throws IoError.
void write_ledger(const Pool& pool, const std::vector<UndecodableRow>& undecodable,
                  const std::filesystem::path& path);

// Prints one sample: where it was read, its turns as text, and each medium with its size, frames
// and duration. Returns 0, or 1 when a medium cannot be decoded (its reason is printed in its
// place). Throws DataError for an unknown id.
int pool_show(const Pool& pool, const std::string& id, std::ostream& out);

}  // namespace winnow
