// Bringing an image in: a folder with files, an OCI image layout, or an archive of either (also `docker save`), plain
// or gzip.
//
//   auto entry = images::import_image(store, "build/web", "shop/web:1.9.0", {.entrypoint = {"/web"}});
//
// Formats: OCI image specification 1.0 (layout, manifest, config, layers as tar or tar+gzip, whiteouts); docker
// archives with manifest.json. Digests of blobs are verified. What draft.h refuses is refused here, whole: nothing is
// left behind.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "node/images/draft.h"
#include "node/images/store.h"

namespace slipway::node::images {

struct ImportOptions {
  std::optional<std::vector<std::string>> entrypoint = {};  // over what the image says
  std::optional<std::string> workdir = {};
  std::vector<std::string> env = {};  // "NAME=value", added
  ImportLimits limits = {};
};

base::Result<Entry> import_image(const Store& store, const std::string& source, const std::string& reference,
                                 const ImportOptions& options = {});

}  // namespace slipway::node::images
