// Finds damage in the middle of an SQLite write-ahead log
// (https://www.sqlite.org/fileformat2.html#the_write_ahead_log).
//
// SQLite stops reading a log at the first frame that is wrong, as it must at the torn end of a write that was never
// acknowledged. But commits that follow a wrong frame were acknowledged (each is synced before the next begins), and
// would be lost in silence.
#pragma once

#include <cstddef>
#include <string_view>

namespace slipway::store {

struct LogReport {
  std::size_t commits = 0;       // that SQLite will read
  std::size_t commits_lost = 0;  // of the same log, behind the first wrong frame
};
LogReport inspect_log(std::string_view log);

// One commit may stand behind a wrong frame without having been acknowledged: the last, when the power failed while it
// was written.
inline bool is_damaged(const LogReport& report) { return report.commits_lost > 1; }

}  // namespace slipway::store
