#include "store/database.h"

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <thread>

#include "data/json.h"
#include "runtime/file.h"
#include "store/checksum.h"
#include "store/log_check.h"

namespace slipway::store {
using base::Code;
using base::fail;
using base::Result;

namespace {

constexpr int kApplicationId = 0x534c5057;  // "SLPW", in the header of the file
constexpr int kFormat = 1;                  // user_version

constexpr const char* kSchema =
    "PRAGMA journal_mode = WAL;"
    "BEGIN;"
    "CREATE TABLE objects(created INTEGER PRIMARY KEY, modified INTEGER NOT NULL, resource TEXT NOT NULL,"
    " space TEXT NOT NULL, name TEXT NOT NULL, object TEXT NOT NULL, checksum INTEGER NOT NULL) STRICT;"
    "CREATE TABLE state(id INTEGER PRIMARY KEY CHECK (id = 1), revision INTEGER NOT NULL, count INTEGER NOT NULL,"
    " digest INTEGER NOT NULL, seal INTEGER NOT NULL) STRICT;"
    "COMMIT;";

struct Finalize {
  void operator()(sqlite3_stmt* s) const { sqlite3_finalize(s); }
};
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

std::string_view text(sqlite3_stmt* row, int column) {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_blob(row, column));
  return data ? std::string_view(data, static_cast<std::size_t>(sqlite3_column_bytes(row, column)))
              : std::string_view();
}
std::uint64_t word(sqlite3_stmt* row, int column) {
  return static_cast<std::uint64_t>(sqlite3_column_int64(row, column));
}
void bind(sqlite3_stmt* s, int at, std::uint64_t value) {
  sqlite3_bind_int64(s, at, static_cast<sqlite3_int64>(value));
}
void bind(sqlite3_stmt* s, int at, std::string_view value) {
  sqlite3_bind_text64(s, at, value.data() ? value.data() : "", value.size(), SQLITE_STATIC, SQLITE_UTF8);
}

std::uint64_t checksum_of(const Key& key, Revision created, Revision modified, std::string_view object) {
  return Checksum().add(created).add(modified).add(key.resource).add(key.space).add(key.name).add(object).value();
}
std::uint64_t seal_of(Revision revision, std::uint64_t count, std::uint64_t digest) {
  return Checksum().add(revision).add(count).add(digest).value();
}

bool exists(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0;
}

}  // namespace

// --- opening ----------------------------------------------------------------------------------------------

Result<std::unique_ptr<Database>> Database::open(const std::string& path) {
  if (!exists(path)) {
    if (exists(path + "-wal"))
      return fail(Code::Invalid,
                  path + " is missing, but its log " + path +
                      "-wal is there. Put both back from one backup, or move the log away to start empty.");
    if (auto ok = create(path); !ok) return fail(ok.error());
  }
  if (auto ok = runtime::check_private(path); !ok) return fail(ok.error());
  std::unique_ptr<Database> database(new Database(path));
  if (auto ok = database->connect(); !ok) return fail(ok.error());
  return database;
}

// The new file gets its name when it is complete: a half-made store never looks like a real one.
Result<void> Database::create(const std::string& path) {
  const std::string temporary = path + ".new";
  for (const char* suffix : {"", "-wal", "-journal"}) ::unlink((temporary + suffix).c_str());
  if (auto ok = runtime::write_file(temporary, "", 0600); !ok) return ok;
  {
    Database fresh(temporary);
    if (sqlite3_open_v2(temporary.c_str(), &fresh.db_, SQLITE_OPEN_READWRITE, nullptr) != SQLITE_OK)
      return fail(fresh.error());
    const std::string header = "PRAGMA application_id = " + std::to_string(kApplicationId) +
                               "; PRAGMA user_version = " + std::to_string(kFormat) + ";";
    for (const char* sql : {"PRAGMA locking_mode = EXCLUSIVE;", header.c_str(), kSchema})
      if (auto ok = fresh.execute(sql); !ok) return ok;
    if (auto ok = fresh.prepare(); !ok) return ok;
    if (auto ok = fresh.write_state(0); !ok) return ok;
  }
  const auto slash = path.rfind('/');
  if (::rename(temporary.c_str(), path.c_str()) != 0)
    return fail(Code::Unavailable, "cannot make " + path + ": " + std::strerror(errno));
  return runtime::sync_directory(slash == path.npos ? "." : path.substr(0, slash + 1));
}

Result<void> Database::connect() {
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  if (sqlite3_open_v2(path_.c_str(), &db_, flags, nullptr) != SQLITE_OK) return fail(error());
  sqlite3_extended_result_codes(db_, 1);
  sqlite3_db_config(db_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(db_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  if (auto ok = execute("PRAGMA cell_size_check = ON; PRAGMA locking_mode = EXCLUSIVE;"); !ok) return ok;
  if (auto ok = check_format(); !ok) return ok;
  if (auto ok = check_log(); !ok) return ok;  // the lock is ours now, and nothing has been written yet
  if (auto ok = execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;"); !ok)
    return ok;
  return prepare();
}

Database::~Database() {
  sqlite3_finalize(put_);
  sqlite3_finalize(erase_);
  sqlite3_finalize(set_state_);
  sqlite3_close_v2(db_);
}

base::Error Database::error() const {
  const int code = db_ ? sqlite3_errcode(db_) & 0xff : SQLITE_NOMEM;
  const int system = db_ ? sqlite3_system_errno(db_) : 0;
  std::string why = db_ ? sqlite3_errmsg(db_) : "out of memory";
  if (system != 0) why += std::string(": ") + std::strerror(system);
  switch (code) {
    case SQLITE_BUSY:
      return {Code::AlreadyExists,
              path_ + " is in use by another process: two servers cannot share one data directory"};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_SCHEMA:
      return damaged(why).error();
    case SQLITE_FULL:
      return {Code::Unavailable, path_ + ": the disk is full"};
    default:
      return {Code::Unavailable, path_ + ": " + why};
  }
}

std::unexpected<base::Error> Database::damaged(const std::string& how) const {
  return fail(Code::Invalid,
              path_ + " is damaged: " + how +
                  ". It was left as it is. To restore, put a backup of this file (with its -wal" +
                  " file, if there is one) in its place and run `slipway up` again; to start empty, move it away.");
}

Result<void> Database::execute(const char* sql) {
  if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return fail(error());
  return {};
}

Result<std::int64_t> Database::number(const char* sql) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v2(db_, sql, -1, &raw, nullptr) != SQLITE_OK) return fail(error());
  const Statement statement(raw);
  if (sqlite3_step(raw) != SQLITE_ROW) return fail(error());
  return sqlite3_column_int64(raw, 0);
}

Result<void> Database::check_format() {
  const auto id = number("PRAGMA application_id");
  if (!id) return fail(id.error());
  if (*id != kApplicationId)
    return fail(Code::Invalid,
                path_ + " is not a Slipway store (or its header is damaged). Move it away, or restore a backup.");
  const auto format = number("PRAGMA user_version");
  if (!format) return fail(format.error());
  if (*format != kFormat)
    return fail(Code::Invalid, path_ + " has format " + std::to_string(*format) + "; this program knows format " +
                                   std::to_string(kFormat) + ". Use the version of Slipway that wrote it.");
  return {};
}

Result<void> Database::check_log() {
  constexpr std::size_t kLargest = std::size_t{1} << 30;
  const auto log = runtime::read_file(path_ + "-wal", kLargest);
  if (!log && log.error().code == Code::NotFound) return {};  // closed in peace
  if (!log) return fail(log.error());
  const LogReport report = inspect_log(*log);
  if (!is_damaged(report)) return {};
  return damaged("its log is broken, " + std::to_string(report.commits_lost) + " commits would be lost");
}

Result<void> Database::prepare() {
  const auto make = [&](const char* sql, sqlite3_stmt*& out) {
    return sqlite3_prepare_v3(db_, sql, -1, SQLITE_PREPARE_PERSISTENT, &out, nullptr) == SQLITE_OK;
  };
  if (make("INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?, ?)", put_) &&
      make("DELETE FROM objects WHERE created = ?", erase_) &&
      make("INSERT OR REPLACE INTO state VALUES (1, ?, ?, ?, ?)", set_state_))
    return {};
  // The tables are not what we made: whatever SQLite calls it, the file is not usable.
  return damaged(sqlite3_errmsg(db_));
}

// --- loading ----------------------------------------------------------------------------------------------

Result<Database::State> Database::load() {
  State state;
  if (auto ok = check_pages(); !ok) return fail(ok.error());
  if (auto ok = read_rows(state); !ok) return fail(ok.error());
  if (auto ok = check_state(state); !ok) return fail(ok.error());
  std::sort(state.entries.begin(), state.entries.end(),
            [](const EntryPtr& a, const EntryPtr& b) { return a->key < b->key; });
  for (std::size_t i = 1; i < state.entries.size(); ++i)
    if (state.entries[i - 1]->key == state.entries[i]->key) return damaged("an object is there twice");
  return state;
}

Result<void> Database::check_pages() {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v2(db_, "PRAGMA quick_check(1)", -1, &raw, nullptr) != SQLITE_OK) return fail(error());
  const Statement statement(raw);
  if (sqlite3_step(raw) != SQLITE_ROW) return fail(error());
  const std::string verdict(text(raw, 0));
  if (verdict != "ok") return damaged(verdict);
  return {};
}

namespace {

struct Row {
  Key key;
  Revision created = 0, modified = 0;
  std::string json;
  std::uint64_t checksum = 0;
  EntryPtr entry = {};
};

// Nothing when the row is good, otherwise what is wrong with it.
std::string decode(Row& row) {
  if (checksum_of(row.key, row.created, row.modified, row.json) != row.checksum)
    return "the row of object " + std::to_string(row.created) + " was altered";
  auto object = data::parse_json(row.json);
  if (!object) return "object " + std::to_string(row.created) + ": " + object.error().message;
  row.entry = std::make_shared<const Entry>(Entry{row.key, std::move(*object), row.created, row.modified});
  return {};
}

// Parsing is most of a start: all processors take part. Returns the first fault.
std::string decode_all(std::span<Row> rows) {
  constexpr std::size_t kWorthAThread = 500;
  const std::size_t processors = std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, 8);
  const std::size_t parts = std::clamp<std::size_t>(rows.size() / kWorthAThread, 1, processors);
  std::vector<std::string> faults(parts);
  const auto decode_part = [&](std::size_t part) {
    const std::size_t from = rows.size() * part / parts, to = rows.size() * (part + 1) / parts;
    for (std::size_t i = from; i < to && faults[part].empty(); ++i) faults[part] = decode(rows[i]);
  };
  std::vector<std::thread> others;
  for (std::size_t part = 1; part < parts; ++part) others.emplace_back(decode_part, part);
  decode_part(0);
  for (auto& thread : others) thread.join();
  const auto fault = std::find_if(faults.begin(), faults.end(), [](const std::string& f) { return !f.empty(); });
  return fault == faults.end() ? std::string() : *fault;
}

}  // namespace

Result<void> Database::read_rows(State& state) {
  sqlite3_stmt* raw = nullptr;
  const char* sql = "SELECT created, modified, resource, space, name, object, checksum FROM objects";
  if (sqlite3_prepare_v2(db_, sql, -1, &raw, nullptr) != SQLITE_OK) return fail(error());
  const Statement statement(raw);
  std::vector<Row> rows;
  int result;
  while ((result = sqlite3_step(raw)) == SQLITE_ROW)
    rows.push_back({Key{std::string(text(raw, 2)), std::string(text(raw, 3)), std::string(text(raw, 4))}, word(raw, 0),
                    word(raw, 1), std::string(text(raw, 5)), word(raw, 6)});
  if (result != SQLITE_DONE) return fail(error());
  if (const std::string fault = decode_all(rows); !fault.empty()) return damaged(fault);
  checksums_.reserve(rows.size());
  for (Row& row : rows) {
    checksums_.emplace(row.created, row.checksum);
    digest_ += row.checksum;
    state.entries.push_back(std::move(row.entry));
  }
  return {};
}

Result<void> Database::check_state(State& state) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v2(db_, "SELECT revision, count, digest, seal FROM state WHERE id = 1", -1, &raw, nullptr) !=
      SQLITE_OK)
    return fail(error());
  const Statement statement(raw);
  const int result = sqlite3_step(raw);
  if (result == SQLITE_DONE) return damaged("its state is missing");
  if (result != SQLITE_ROW) return fail(error());
  state.revision = word(raw, 0);
  const std::uint64_t count = word(raw, 1), digest = word(raw, 2);
  if (seal_of(state.revision, count, digest) != word(raw, 3)) return damaged("its state was altered");
  if (count != state.entries.size() || digest != digest_) return damaged("objects are missing, or too many");
  for (const auto& entry : state.entries)
    if (entry->created == 0 || entry->created > entry->modified || entry->modified > state.revision)
      return damaged("object " + std::to_string(entry->created) + " has an impossible revision");
  return {};
}

// --- committing -------------------------------------------------------------------------------------------

Result<void> Database::step(sqlite3_stmt* statement) {
  const int result = sqlite3_step(statement);
  if (result != SQLITE_DONE) {
    auto why = error();
    sqlite3_reset(statement);
    return fail(std::move(why));
  }
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  return {};
}

Result<void> Database::write(const Change& change) {
  const Entry& entry = *change.entry;
  auto& sum = checksums_[entry.created];
  digest_ -= sum;
  if (change.kind == Change::Kind::Delete) {
    checksums_.erase(entry.created);
    bind(erase_, 1, entry.created);
    return step(erase_);
  }
  const std::string json = data::to_json(entry.object);
  sum = checksum_of(entry.key, entry.created, entry.modified, json);
  digest_ += sum;
  bind(put_, 1, entry.created);
  bind(put_, 2, entry.modified);
  bind(put_, 3, std::string_view(entry.key.resource));
  bind(put_, 4, std::string_view(entry.key.space));
  bind(put_, 5, std::string_view(entry.key.name));
  bind(put_, 6, std::string_view(json));
  bind(put_, 7, sum);
  return step(put_);
}

Result<void> Database::write_state(Revision revision) {
  const std::uint64_t count = checksums_.size();
  bind(set_state_, 1, revision);
  bind(set_state_, 2, count);
  bind(set_state_, 3, digest_);
  bind(set_state_, 4, seal_of(revision, count, digest_));
  return step(set_state_);
}

Result<void> Database::commit(std::span<const Change> changes) {
  if (auto ok = execute("BEGIN IMMEDIATE"); !ok) return ok;
  // Of several changes to one object only the last one matters to the disk.
  std::unordered_map<Revision, Revision> last;
  for (const Change& change : changes) last[change.entry->created] = change.revision;
  for (const Change& change : changes) {
    if (last[change.entry->created] != change.revision) continue;
    if (auto ok = write(change); !ok) return ok;
  }
  if (auto ok = write_state(changes.back().revision); !ok) return ok;
  return execute("COMMIT");
}

}  // namespace slipway::store
