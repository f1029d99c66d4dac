#include "node/shim/journal.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/strings.h"
#include "data/json.h"
#include "node/posix.h"
#include "node/shim/message.h"

namespace slipway::node::shim {

using data::Value;

namespace {
constexpr std::uint64_t kRewriteAfterLines = 4096;  // and at least four times as many lines as entries

std::string line_of(const char* what, const Journal::Entry& entry) {
  return data::to_json(Value::object({{what, to_value(entry.state)}, {"ticks", std::int64_t(entry.start_ticks)}})) +
         "\n";
}
}  // namespace

base::Result<void> Journal::open(std::string path) {
  path_ = std::move(path);
  if (const auto text = read_file(path_)) replay(*text);
  return rewrite();
}

void Journal::replay(std::string_view text) {
  for (std::string_view line : base::split(text, '\n')) {
    const auto record = data::parse_json(line);
    if (!record) continue;  // torn by a crash
    if (record->has("forget")) {
      entries_.erase((*record)["forget"].str());
      continue;
    }
    const Value& state = record->has("start") ? (*record)["start"] : (*record)["end"];
    const auto ticks = static_cast<std::uint64_t>((*record)["ticks"].as_int());
    if (state.is_object()) entries_[state["id"].str()] = {state_of(state), ticks};
  }
}

base::Result<void> Journal::rewrite() {
  std::string text;
  for (const auto& [id, entry] : entries_) text += line_of(entry.state.running ? "start" : "end", entry);
  if (auto written = write_file_durably(path_, text); !written) return written;
  file_.reset(::open(path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  if (!file_) return os_fail("open " + path_);
  lines_ = entries_.size();
  return {};
}

void Journal::append(const char* what, const Entry& entry) {
  if (!write_all(file_.get(), line_of(what, entry))) ++failures_;
  ++lines_;
}

void Journal::started(const control::ProcessState& state, std::uint64_t start_ticks) {
  append("start", entries_[state.id] = {state, start_ticks});
}

void Journal::ended(const control::ProcessState& state) {
  Entry& entry = entries_[state.id];
  entry.state = state;
  append("end", entry);
  dirty_ = true;
}

void Journal::forgotten(const std::string& id) {
  if (entries_.erase(id) == 0) return;
  if (!write_all(file_.get(), data::to_json(Value::object({{"forget", id}})) + "\n")) ++failures_;
  if (++lines_ > kRewriteAfterLines && lines_ > 4 * entries_.size() && !rewrite()) ++failures_;
}

void Journal::sync() {
  if (!dirty_) return;
  dirty_ = false;
  if (fdatasync(file_.get()) != 0) ++failures_;
}

}  // namespace slipway::node::shim
