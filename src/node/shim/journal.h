// What the shim must not forget: which processes it started, and how they ended.
//
// An append-only file of JSON lines. An end is on disk (fdatasync) before anybody is told of it, so that an exit code
// is reported the same way by the next shim, should this one be killed. A torn last line is dropped.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "control/ports.h"
#include "node/unique_fd.h"

namespace slipway::node::shim {

class Journal {
 public:
  struct Entry {
    control::ProcessState state;
    std::uint64_t start_ticks = 0;  // with the pid: names the process even after pids were reused
  };

  // Reads what is there, then rewrites the file without what was forgotten.
  base::Result<void> open(std::string path);
  // Entries of earlier shims, by id; those still `running` were running when it was killed.
  const std::map<std::string, Entry>& entries() const { return entries_; }

  void started(const control::ProcessState& state, std::uint64_t start_ticks);
  void ended(const control::ProcessState& state);
  void forgotten(const std::string& id);
  // Makes all that was written durable. Failures stop nothing (a full disk must not stop pods); they are counted.
  void sync();
  std::uint64_t failures() const { return failures_; }

 private:
  void replay(std::string_view text);
  base::Result<void> rewrite();
  void append(const char* what, const Entry& entry);

  std::string path_;
  UniqueFd file_;
  std::map<std::string, Entry> entries_;
  std::uint64_t lines_ = 0, failures_ = 0;
  bool dirty_ = false;
};

}  // namespace slipway::node::shim
