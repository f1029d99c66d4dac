// The URLs of the API ("API concepts: resource URIs").
#include "client/https_client.h"
#include "http/message.h"

namespace slipway::client {
namespace {

// Grows "?a=b&c=d"; empty values are left out.
class Query {
 public:
  Query& add(const char* name, const std::string& value) {
    if (!value.empty()) text_ += (text_.empty() ? "?" : "&") + std::string(name) + "=" + http::percent_encode(value);
    return *this;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string collection(const Resource& resource, const std::string& space) {
  std::string out = resource.group.empty() ? "/api/" : "/apis/" + resource.group + "/";
  out += resource.version;
  if (resource.namespaced && !space.empty()) out += "/namespaces/" + http::percent_encode(space);
  return out + "/" + resource.plural;
}

}  // namespace

std::string url_of(const Request& r) {
  std::string path = collection(r.resource, r.space);
  bool named = !r.name.empty() && (r.verb != Verb::Create || !r.subresource.empty());
  if (named) path += "/" + http::percent_encode(r.name);
  if (!r.subresource.empty()) path += "/" + r.subresource;
  Query query;
  query.add("labelSelector", r.label_selector)
      .add("fieldSelector", r.field_selector)
      .add("fieldManager", r.field_manager);
  query.add("continue", r.continue_token).add("resourceVersion", r.resource_version);
  if (r.limit > 0) query.add("limit", std::to_string(r.limit));
  if (r.force) query.add("force", "true");
  if (r.dry_run) query.add("dryRun", "All");
  if (r.strict) query.add("fieldValidation", "Strict");
  return path + query.text();
}

std::string url_of(const WatchRequest& r) {
  Query query;
  query.add("watch", "true").add("allowWatchBookmarks", "true").add("labelSelector", r.label_selector);
  query.add("fieldSelector", r.field_selector).add("resourceVersion", r.resource_version);
  if (r.timeout_seconds > 0) query.add("timeoutSeconds", std::to_string(r.timeout_seconds));
  return collection(r.resource, r.space) + query.text();
}

}  // namespace slipway::client
