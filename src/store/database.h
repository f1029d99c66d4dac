// The SQLite file of a store: rows of objects, a state row, and the checks that make damage visible.
//
//   objects(created PRIMARY KEY, modified, resource, space, name, object, checksum)   the revision that created an
//   object names its row state(id = 1, revision, count, digest, seal)
//
// `checksum` covers its row, `digest` is the sum of all checksums, `seal` covers the state row; so a row that was
// altered, lost or added by anything but a commit of ours is found at the next start. Calls block; one thread at a
// time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "store/store.h"

struct sqlite3;
struct sqlite3_stmt;

namespace slipway::store {

class Database {
 public:
  // Opens or makes the file; see open_sqlite_store for the errors.
  static base::Result<std::unique_ptr<Database>> open(const std::string& path);
  ~Database();  // folds the WAL into the file
  Database(const Database&) = delete;

  struct State {
    std::vector<EntryPtr> entries;  // in key order
    Revision revision;
  };
  // Reads and checks everything. Once, before the first commit.
  base::Result<State> load();

  // Makes the changes durable, all or none.
  base::Result<void> commit(std::span<const Change> changes);

 private:
  explicit Database(std::string path) : path_(std::move(path)) {}
  base::Result<void> connect();
  base::Result<void> execute(const char* sql);
  base::Result<std::int64_t> number(const char* sql);
  base::Result<void> check_format();
  base::Result<void> check_log();
  base::Result<void> check_pages();
  base::Result<void> prepare();
  base::Result<void> read_rows(State& state);
  base::Result<void> check_state(State& state);
  base::Result<void> write(const Change& change);
  base::Result<void> write_state(Revision revision);
  base::Result<void> step(sqlite3_stmt* statement);
  base::Error error() const;  // of the last call
  std::unexpected<base::Error> damaged(const std::string& how) const;

  static base::Result<void> create(const std::string& path);

  std::string path_;
  sqlite3* db_ = nullptr;
  sqlite3_stmt* put_ = nullptr;
  sqlite3_stmt* erase_ = nullptr;
  sqlite3_stmt* set_state_ = nullptr;
  std::unordered_map<Revision, std::uint64_t> checksums_;  // of all rows; never iterated
  std::uint64_t digest_ = 0;
};

}  // namespace slipway::store
