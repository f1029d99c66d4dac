#include "node/images/store.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/hash.h"
#include "base/strings.h"
#include "data/json.h"
#include "node/posix.h"

namespace slipway::node::images {

using base::Code;
using base::Result;
using data::Value;

namespace {

std::vector<std::string> strings_of(const Value& v) {
  std::vector<std::string> out;
  for (const Value& s : v.items()) out.push_back(s.str());
  return out;
}

Image image_of(const Value& v) {
  Image image{.digest = v["digest"].str(), .entrypoint = strings_of(v["entrypoint"]), .command = strings_of(v["cmd"])};
  for (const Value& pair : v["env"].items()) {
    const std::string text = pair.str();
    const auto equals = text.find('=');
    image.env.emplace_back(text.substr(0, equals), equals == text.npos ? "" : text.substr(equals + 1));
  }
  image.workdir = v["workdir"].str("/");
  image.uid = v["uid"].as_int();
  return image;
}

bool is_name_text(std::string_view text, std::string_view also) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](unsigned char c) {
    return std::isalnum(c) || also.find(static_cast<char>(c)) != also.npos;
  });
}

Value read_names(const std::string& folder) {
  return data::parse_json(read_file(folder + "/names.json").value_or("{}")).value_or(Value::object());
}

// Two imports at a time must not lose a name.
Result<UniqueFd> lock(const std::string& folder) {
  UniqueFd fd(open((folder + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd || flock(fd.get(), LOCK_EX) != 0) return os_fail("lock " + folder);
  return fd;
}

Result<void> write_names(const std::string& folder, const Value& names) {
  return write_file_durably(folder + "/names.json", data::to_pretty_json(names) + "\n", 0644);
}

}  // namespace

Result<Reference> parse_reference(std::string_view text) {
  Reference r;
  if (const auto at = text.find('@'); at != text.npos) {
    r.digest = text.substr(at + 1);
    text = text.substr(0, at);
    if (!r.digest.starts_with("sha256:") || r.digest.size() != 71)
      return base::fail(Code::Invalid, "image digest must be sha256: and 64 digits");
  }
  const auto colon = text.rfind(':');
  const bool tagged = colon != text.npos && text.find('/', colon) == text.npos;  // not the port of a registry
  r.name = text.substr(0, tagged ? colon : text.npos);
  r.tag = tagged ? text.substr(colon + 1) : "latest";
  const bool fine = is_name_text(r.name, "-_./:") && is_name_text(r.tag, "-_.") && r.name.find("..") == r.name.npos &&
                    !r.name.starts_with("/");
  if (!fine) return base::fail(Code::Invalid, "image name \"" + std::string(text) + "\" is not of the form NAME:TAG");
  return r;
}

Result<Image> Store::resolve(const std::string& reference) const {
  auto name = parse_reference(reference);
  if (!name) return base::fail(name.error());
  if (name->name == "host" && name->digest.empty()) {
    if (!allow_host_)
      return base::fail(
          Code::Forbidden,
          "image \"host\" is this machine's own programs: start the server with --allow-host-image to allow it");
    return Image{.reference = reference, .root = "/"};
  }
  std::string digest = name->digest.empty() ? "" : name->digest.substr(7);
  if (digest.empty()) digest = read_names(folder_)[name->tagged()].str();
  const std::string folder = folder_ + "/sha256/" + digest;
  const auto config =
      digest.empty() ? Result<std::string>(base::fail(Code::NotFound, "")) : read_file(folder + "/image.json");
  if (!config)
    return base::fail(Code::NotFound, "image \"" + reference +
                                          "\" is not on this node; bring it in with: slipway image import " +
                                          (name->digest.empty() ? name->tagged() : name->name + ":TAG") + " DIR");
  Image image = image_of(data::parse_json(*config).value_or(Value()));
  image.reference = reference;
  image.root = folder + "/root";
  return image;
}

std::vector<Entry> Store::list() const {
  std::vector<Entry> out;
  const Value names = read_names(folder_);
  for (const auto& m : names.members()) {
    const Value v = data::parse_json(read_file(folder_ + "/sha256/" + m.value.str() + "/image.json").value_or("{}"))
                        .value_or(Value());
    out.push_back({.reference = m.key.str(),
                   .digest = "sha256:" + m.value.str(),
                   .size = static_cast<std::uint64_t>(v["size"].as_int()),
                   .files = static_cast<std::uint64_t>(v["files"].as_int())});
    if (const auto when = base::parse_time(v["imported"].as_string())) out.back().imported = *when;
  }
  return out;
}

Result<void> Store::remove(const std::string& reference) {
  auto name = parse_reference(reference);
  if (!name) return base::fail(name.error());
  auto held = lock(folder_);
  if (!held) return base::fail(held.error());
  Value names = read_names(folder_);
  const std::string digest = names[name->tagged()].str();
  if (!names.erase(name->tagged()))
    return base::fail(Code::NotFound, "image \"" + reference + "\" is not on this node");
  if (auto written = write_names(folder_, names); !written) return written;
  for (const auto& m : names.members())
    if (m.value.as_string() == digest) return {};
  return remove_tree(folder_ + "/sha256/" + digest);
}

Result<std::string> Store::make_draft() const {
  if (auto made = make_folders(folder_ + "/drafts", 0700); !made) return base::fail(made.error());
  std::string path = folder_ + "/drafts/XXXXXX";
  if (mkdtemp(path.data()) == nullptr || mkdir((path + "/root").c_str(), 0755) != 0) return os_fail("make " + path);
  return path;
}

Result<Entry> Store::accept(const std::string& draft, const Reference& name, const Image& config) const {
  auto held = lock(folder_);
  if (!held) return base::fail(held.error());
  const std::string digest = config.digest.substr(7), final = folder_ + "/sha256/" + digest;
  if (auto made = make_folders(folder_ + "/sha256", 0755); !made) return base::fail(made.error());
  chmod(draft.c_str(), 0755);
  if (exists(final)) {
    if (auto removed = remove_tree(draft); !removed) return base::fail(removed.error());
  } else if (rename(draft.c_str(), final.c_str()) != 0) {
    return os_fail("put the image into place");
  }
  Value names = read_names(folder_);
  names.set(name.tagged(), digest);
  if (auto written = write_names(folder_, names); !written) return base::fail(written.error());
  return Entry{.reference = name.tagged(), .digest = config.digest};
}

}  // namespace slipway::node::images
