target_link_libraries(slipway_api PRIVATE PkgConfig::RE2)
