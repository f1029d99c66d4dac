// A damaged store opens with a state that was once committed, or it is refused; it never crashes and never shows
// anything else.
//
// The input is a list of edits to a good store: its file and its log, as a killed server left them.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>

#include "base/error.h"
#include "runtime/file.h"
#include "runtime/real/loop.h"
#include "store/sqlite_store.h"

namespace {
using namespace slipway;
using namespace slipway::store;
using Rows = std::map<Key, data::Value>;

Rows rows_of(const Snapshot& snapshot) {
  Rows rows;
  for (const char* resource : {"configmaps", "pods"})
    snapshot.scan(resource, "", nullptr, [&](const EntryPtr& e) { return rows.emplace(e->key, e->object), true; });
  return rows;
}

struct Original {
  std::string folder, file, log;
  std::map<Revision, Rows> states;  // by revision, of every commit
  Original();
  ~Original() { std::filesystem::remove_all(folder); }
};

std::string make_folder() {
  std::string folder = (::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp") + std::string("/slipway-fuzz-XXXXXX");
  SLIPWAY_CHECK(::mkdtemp(folder.data()));
  return folder;
}

void commit(Store& store, runtime::real::Loop& loop, const Key& key, int v) {
  bool durable = false;
  const auto fill = std::string(static_cast<std::size_t>(v * 37 % 5000), 'x');
  const auto object = data::Value::object({{"v", v}, {"fill", fill}});
  SLIPWAY_CHECK(store.put(key, object, std::nullopt, [&] { durable = true; }).has_value());
  while (!durable) loop.run_one();
}

Original::Original() : folder(make_folder()) {
  const std::string path = folder + "/original.db";
  runtime::real::Loop loop;
  {
    auto store = *open_sqlite_store(loop, path);
    states[0] = {};
    for (int i = 0; i < 40; ++i) {
      commit(*store, loop, {i % 3 ? "pods" : "configmaps", "ns", "o" + std::to_string(i % 25)}, i);
      states[store->published()->revision()] = rows_of(*store->published());
    }
  }
  auto store = *open_sqlite_store(loop, path);  // the first part is in the file now; this one stays in the log
  for (int i = 0; i < 12; ++i) {
    commit(*store, loop, {"pods", "ns", "late" + std::to_string(i)}, i);
    states[store->published()->revision()] = rows_of(*store->published());
  }
  file = *runtime::read_file(path);
  log = *runtime::read_file(path + "-wal");
}

void edit(std::string& bytes, const std::uint8_t*& data, std::size_t& size) {
  const std::size_t at = (data[0] | data[1] << 8 | data[2] << 16) % (bytes.size() + 1);
  const std::uint8_t how = data[3], value = data[4];
  data += 5;
  size -= 5;
  if (at == bytes.size()) return;
  if (how < 200)
    bytes[at] = static_cast<char>(value);
  else if (how < 230)
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << value % 8));
  else if (how < 240)
    bytes.resize(at);
  else
    std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), std::min<std::size_t>(bytes.size() - at, value * 16u),
                '\0');
}

void write(const std::string& path, const std::string& bytes) {
  SLIPWAY_CHECK(runtime::write_file(path, bytes, 0600).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Original original;
  std::string file = original.file, log = original.log;
  if (size < 1) return 0;
  const std::uint8_t what = *data++;
  --size;
  const bool one_byte_of_the_log = what % 4 == 0 && size >= 5 && size < 10 && data[3] < 230;
  while (size >= 5) edit(what % 2 ? file : log, data, size);
  const std::string path = original.folder + "/damaged.db";
  ::unlink((path + "-wal").c_str());
  write(path, file);
  if (what % 4 != 3) write(path + "-wal", log);  // sometimes the log is lost altogether

  runtime::real::Loop loop;
  const auto store = open_sqlite_store(loop, path, {.fatal = [](const std::string&) {}});
  if (!store) {
    SLIPWAY_CHECK(!store.error().message.empty());
    return 0;
  }
  const auto state = (*store)->published();
  const auto known = original.states.find(state->revision());
  SLIPWAY_CHECK(known != original.states.end());
  SLIPWAY_CHECK(rows_of(*state) == known->second);
  // Damage in one place costs the very last commit at most; that it was more than a torn end cannot be known then.
  if (one_byte_of_the_log) SLIPWAY_CHECK(state->revision() + 1 >= original.states.rbegin()->first);
  return 0;
}
