// A store in memory only: for simulation and tests. A change is published in a task of its own after the write.
#pragma once

#include <memory>

#include "runtime/loop.h"
#include "store/resident_store.h"
#include "store/store.h"

namespace slipway::store {

struct MemoryOptions {
  std::size_t history = kDefaultHistory;
  base::Duration commit_time{0};  // from a write to its publication, as a disk would need
  SnapshotPtr initial = {};       // starts with this state and revision: what a crash would have left
};

std::unique_ptr<Store> make_memory_store(runtime::Loop& loop, const MemoryOptions& options = {});

}  // namespace slipway::store
