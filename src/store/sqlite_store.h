// The durable store: everything in memory as in every store, and in one SQLite file (WAL mode, synchronous FULL).
//
// One disk thread commits; all that is written while a commit runs goes into the next one (group commit). A change is
// published when its commit is on the disk. A commit that fails is the end of the process: what was promised cannot be
// kept. Objects are kept as JSON, so a double with an integral value comes back as an integer, as in any Kubernetes
// store. Watch history is not kept over a restart: watchers list again (Expired).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/error.h"
#include "runtime/loop.h"
#include "store/resident_store.h"
#include "store/store.h"

namespace slipway::store {

struct SqliteOptions {
  std::size_t history = kDefaultHistory;
  // Told why a commit failed ("disk full ..."), on the disk thread. If it returns, nothing is acknowledged any more.
  // Empty: prints it and ends the process with status 1.
  std::function<void(const std::string& why)> fatal = {};
};

// Opens the file or makes it (mode 600; the folder must exist). Refuses, with what to do about it in the message:
// Invalid (damaged, or no Slipway store), AlreadyExists (in use by another process), Forbidden (readable by others),
// Unavailable (I/O). Commits everything that is pending before its destructor returns.
base::Result<std::unique_ptr<Store>> open_sqlite_store(runtime::Loop& loop, const std::string& path,
                                                       const SqliteOptions& options = {});

}  // namespace slipway::store
