#include <algorithm>

#include "api/meta.h"
#include "base/strings.h"
#include "node/lifecycle/environment.h"
#include "node/lifecycle/field_ref.h"

namespace slipway::node::lifecycle {

using base::Code;
using base::Result;
using data::Value;

namespace {

constexpr std::int64_t kDefaultMode = 0644;

Result<void> add_file(std::vector<VolumeFile>& files, std::string path, std::string bytes, std::int64_t mode) {
  const auto parts = base::split(path, '/');
  if (path.empty() || path.starts_with("/") || std::find(parts.begin(), parts.end(), "..") != parts.end())
    return base::fail(Code::Invalid, "path \"" + path + "\" of a volume must be relative and without \"..\"");
  std::erase_if(files, [&](const VolumeFile& f) { return f.path == path; });  // of two sources the later wins
  files.push_back({std::move(path), std::move(bytes), static_cast<std::uint32_t>(mode & 0777)});
  return {};
}

Result<void> add_object(std::vector<VolumeFile>& files, const Value& object, const Value& source,
                        const std::string& kind, const std::string& name, std::int64_t mode) {
  const bool optional = source["optional"].as_bool();
  if (object.is_null()) {
    if (optional) return {};
    return base::fail(Code::NotFound, kind + " \"" + name + "\" not found");
  }
  if (source["items"].size() == 0) {
    for (auto& [key, bytes] : entries_of(object))
      if (auto added = add_file(files, key, bytes, mode); !added) return added;
    return {};
  }
  for (const Value& item : source["items"].items()) {
    auto bytes = entry_of(object, item["key"].as_string());
    if (!bytes && optional) continue;
    if (!bytes) return base::fail(Code::NotFound, kind + " \"" + name + "\" has no key " + item["key"].str());
    if (auto added = add_file(files, item["path"].str(), *bytes, item["mode"].as_int(mode)); !added) return added;
  }
  return {};
}

Result<void> add_fields(std::vector<VolumeFile>& files, const Value& pod, const Value& source, const Lookup& lookup,
                        std::int64_t mode) {
  for (const Value& item : source["items"].items()) {
    const Value& container = data::kNull;
    auto text = item.has("fieldRef") ? field_of(pod, item["fieldRef"]["fieldPath"].as_string(), lookup)
                                     : resource_of(pod, container, item["resourceFieldRef"], lookup);
    if (!text) return base::fail(text.error());
    if (auto added = add_file(files, item["path"].str(), *text, item["mode"].as_int(mode)); !added) return added;
  }
  return {};
}

// One source, of a projected volume or standing alone. Null when it is none that makes files.
Result<void> add_source(std::vector<VolumeFile>& files, const Value& pod, const Value& source, const Lookup& lookup,
                        std::int64_t mode) {
  if (const Value& map = source["configMap"]; !map.is_null())
    return add_object(files, lookup.config_map(map["name"].as_string()), map, "configmap", map["name"].str(), mode);
  if (const Value& secret = source["secret"]; !secret.is_null()) {
    const std::string name =
        secret["secretName"].str(secret["name"].as_string());  // alone and projected name it differently
    return add_object(files, lookup.secret(name), secret, "secret", name, mode);
  }
  if (const Value& fields = source["downwardAPI"]; !fields.is_null())
    return add_fields(files, pod, fields, lookup, mode);
  std::string kinds;
  for (const auto& m : source.members())
    if (m.key.view() != "name") kinds += (kinds.empty() ? "" : ", ") + m.key.str();
  return base::fail(Code::Invalid, "volumes of kind " + kinds +
                                       " are not available on this node: use emptyDir, persistentVolumeClaim, "
                                       "configMap, secret, downwardAPI or projected");
}

Result<std::string> kept_folder(std::string_view name, const Lookup& lookup) {
  const Value& claim = lookup.claim ? lookup.claim(name) : data::kNull;
  const std::string text = "persistentvolumeclaim \"" + std::string(name) + "\"";
  if (claim.is_null()) return base::fail(Code::NotFound, text + " not found");
  if (claim["status"]["phase"].as_string() != "Bound")
    return base::fail(Code::Unavailable, text + " has no volume yet");
  return claim["spec"]["volumeName"].str();
}

}  // namespace

Result<Volume> volume_of(const Value& pod, const Value& volume, const Lookup& lookup) {
  Volume out{.name = volume["name"].str()};
  if (volume.has("emptyDir")) {
    out.scratch = true;
    return out;
  }
  if (const Value& claim = volume["persistentVolumeClaim"]; !claim.is_null()) {
    auto folder = kept_folder(claim["claimName"].as_string(), lookup);
    if (!folder)
      return base::fail(
          base::Error{.code = folder.error().code, .message = "volume " + out.name + ": " + folder.error().message});
    out.kept = std::move(*folder);
    return out;
  }
  Result<void> added;
  if (const Value& projected = volume["projected"]; !projected.is_null()) {
    for (const Value& source : projected["sources"].items())
      if (added) added = add_source(out.files, pod, source, lookup, projected["defaultMode"].as_int(kDefaultMode));
  } else {
    std::int64_t mode = kDefaultMode;
    for (const char* kind : {"configMap", "secret", "downwardAPI"}) mode = volume[kind]["defaultMode"].as_int(mode);
    added = add_source(out.files, pod, volume, lookup, mode);
  }
  if (!added)
    return base::fail(
        base::Error{.code = added.error().code, .message = "volume " + out.name + ": " + added.error().message});
  std::sort(out.files.begin(), out.files.end());
  return out;
}

bool names_object(const Value& pod, std::string_view kind, std::string_view name) {
  const auto names = [&](const Value& source) {
    if (kind == "PersistentVolumeClaim") return source["persistentVolumeClaim"]["claimName"].as_string() == name;
    if (kind == "ConfigMap") return source["configMap"]["name"].as_string() == name;
    return source["secret"]["secretName"].as_string() == name || source["secret"]["name"].as_string() == name;
  };
  for (const Value& volume : pod["spec"]["volumes"].items()) {
    if (names(volume)) return true;
    for (const Value& source : volume["projected"]["sources"].items())
      if (names(source)) return true;
  }
  return false;
}

bool is_writable(const Value& pod, std::string_view name) {
  for (const Value& volume : pod["spec"]["volumes"].items()) {
    if (volume["name"].as_string() != name) continue;
    if (volume.has("emptyDir")) return true;
    const Value& claim = volume["persistentVolumeClaim"];
    return !claim.is_null() && !claim["readOnly"].as_bool();
  }
  return false;
}

}  // namespace slipway::node::lifecycle
