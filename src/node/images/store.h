// Images on this machine, named NAME:TAG and stored by the digest of their content, below <data-dir>/images.
//
//   sha256/<digest>/root/...          the files, read-only for everybody
//   sha256/<digest>/image.json        {"digest","entrypoint","cmd","env","workdir","uid","size","files"}
//   names.json                        {"shop/web:1.9.0": "<digest>"}
//
// An import is complete or has not happened: it is made beside and renamed into place. The name "host" is the machine's
// own programs and is there only when the administrator has allowed it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "node/pod_runtime.h"

namespace slipway::node::images {

// "shop/web", "shop/web:1", "shop/web@sha256:...", both; tag defaults to "latest".
struct Reference {
  std::string name, tag, digest;
  std::string tagged() const { return name + ":" + tag; }
};
base::Result<Reference> parse_reference(std::string_view text);

struct Entry {
  std::string reference, digest;
  std::uint64_t size = 0, files = 0;
  base::Time imported = {};
};

class Store {
 public:
  Store(std::string folder, bool allow_host) : folder_(std::move(folder)), allow_host_(allow_host) {}

  // NotFound with the remedy as text; Forbidden for "host" when it is not allowed.
  base::Result<Image> resolve(const std::string& reference) const;
  std::vector<Entry> list() const;                          // in name order
  base::Result<void> remove(const std::string& reference);  // the name; content stays while another name has it

  // For imports: an empty folder beside the images, and the step that puts it into place under a name.
  base::Result<std::string> make_draft() const;
  base::Result<Entry> accept(const std::string& draft, const Reference& name, const Image& config) const;
  const std::string& folder() const { return folder_; }

 private:
  std::string folder_;
  bool allow_host_;
};

}  // namespace slipway::node::images
