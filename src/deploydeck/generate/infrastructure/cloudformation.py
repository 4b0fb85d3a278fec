def files(request, config, context):
    return ()
