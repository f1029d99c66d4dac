// Everything about the API that is not an object: discovery, OpenAPI, version, health. Any thread.
//
// Documents are made from the Scheme on first use, kept as bytes with an ETag, and dropped when the Scheme changes.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "api/scheme.h"
#include "apiserver/request.h"
#include "apiserver/response.h"

namespace slipway::apiserver {

class Discovery {
 public:
  // The answer for a path that belongs here; NotFound otherwise.
  Response answer(const std::shared_ptr<const api::Scheme>& scheme, const PathRequest& request);
  static bool owns(std::string_view path);

 private:
  struct Document {
    Bytes bytes;
    std::string etag;
  };
  using Make = std::function<data::Value()>;  // a string is taken as the document's bytes
  Document find(const std::shared_ptr<const api::Scheme>& scheme, const std::string& key, const Make& make);

  std::mutex mutex_;
  std::shared_ptr<const api::Scheme> scheme_;  // what `documents_` describe
  std::map<std::string, Document> documents_;
};

// GET /version. The API level claimed is Kubernetes 1.33.
data::Value version_document();

}  // namespace slipway::apiserver
