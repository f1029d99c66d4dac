// An image that is being put together from something a stranger made: refuses what could harm this machine, with the
// reason.
//
// Refused, and with it the whole import: paths that are absolute or hold "..", paths through a link, links and hard
// links that lead out of the image, devices, pipes and sockets, setuid and setgid bits, names that come twice in one
// layer, and more or larger entries than the limits. Nothing is ever written through a link (openat2 with
// RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH). Owners are not kept; modes are reduced to "may be read, and executed if it
// could be".
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "node/images/tar.h"
#include "node/unique_fd.h"

namespace slipway::node::images {

struct ImportLimits {
  std::uint64_t bytes = 16ull << 30, file_bytes = 8ull << 30;
  std::uint64_t entries = 500'000;
  // With the data directory's own path before it, a path must still fit into PATH_MAX (4096).
  std::size_t path_bytes = 2048, depth = 100;
};

class Draft {
 public:
  // `folder` must exist and be empty.
  static base::Result<Draft> open(const std::string& folder, ImportLimits limits = {});

  // One layer, over what is there; OCI whiteouts (".wh.") remove.
  base::Result<void> add_layer(Bytes& bytes);
  // A folder of this machine, copied.
  base::Result<void> add_folder(const std::string& source);
  // Checks links as a whole, makes the mount points that every pod needs, and computes the digest over the canonical
  // listing.
  struct Finished {
    std::string digest;
    std::uint64_t bytes = 0, entries = 0;
  };
  base::Result<Finished> finish();

 private:
  base::Result<std::string> checked(const std::string& path) const;  // clean and relative; "" is the root
  base::Result<void> add(const TarEntry& entry, TarReader& tar);
  base::Result<void> add_file(const std::string& path, const TarEntry& entry, TarReader& tar);
  base::Result<void> add_link(const std::string& path, const std::string& target);
  base::Result<void> add_hard_link(const std::string& path, const std::string& target);
  base::Result<void> make_folder(const std::string& path);
  base::Result<void> white_out(const std::string& folder, const std::string& name);
  base::Result<void> count(std::uint64_t bytes);
  base::Result<void> refuse_mode(const std::string& path, std::uint32_t mode) const;
  base::Result<UniqueFd> open_parent(const std::string& path, std::string& name);
  base::Result<void> copy_entry(const std::string& source, const std::string& path);
  base::Result<void> list(const std::string& folder, std::string& listing, Finished& totals);
  base::Result<std::string> settle_link(const std::string& path);

  std::string folder_;
  UniqueFd root_;
  ImportLimits limits_;
  std::uint64_t bytes_ = 0, entries_ = 0;
  std::set<std::string> in_this_layer_;
  std::vector<std::string> links_;  // known when listed
};

}  // namespace slipway::node::images
