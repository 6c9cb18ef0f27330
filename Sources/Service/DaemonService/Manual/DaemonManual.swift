import ManualPages

/// The manual pages of the daemon and of its settings, made from the same tables as `--help` and the reader.
package enum DaemonManual {
    /// The page of this name, nil when there is none.
    package static func page(_ name: String) -> String? {
        switch name {
        case "finetuned": daemonPage
        case "finetuned.yaml": settingsPage
        default: nil
        }
    }

    /// A settings file that changes nothing: every setting with its default, as a comment.
    package static var exampleSettings: String {
        var text = "# Settings of finetuned, see finetuned.yaml(5). What is commented out shows the defaults.\n"
        var section = ""
        for setting in DaemonSetting.all {
            if setting.section != section { text += "\n# \(setting.section):\n" }
            section = setting.section
            text += "#   # \(setting.summary)\n#   \(setting.key): \(setting.defaultText)\n"
        }
        return text
    }

    private static var source: String { "finetuned \(Daemon.version)" }

    private static var daemonPage: String {
        var page = ManualPage(
            "finetuned", section: 8, summary: "fine-tunes and serves language models", source: source)
        page.section("Synopsis")
        page.paragraph("finetuned [--socket PATH] [--state-dir DIR] [--config FILE]")
        page.section("Description")
        page.paragraph(
            """
            The daemon keeps a queue of fine-tuning jobs and a table of resident models, and starts one worker process
            for each job and model. Clients reach it through a Unix socket: tunectl(1), or any program that speaks the
            protocol of finetuned-rpc(7).

            It runs in the foreground and prints "ready SOCKET" on standard error once it accepts connections.
            """)
        page.section("Options")
        for option in DaemonOptions.explained {
            page.item(option.name + (option.value.map { " " + $0 } ?? ""), option.text)
        }
        page.section("Signals")
        page.item("SIGTERM, SIGINT", "Workers write a checkpoint and end, then the daemon. The next start goes on.")
        page.item(
            "SIGHUP",
            "The settings are read again; running jobs are not touched. A bad file is logged and changes nothing.")
        page.section("systemd")
        page.paragraph(
            """
            The units finetuned.service and finetuned.socket are of type notify: the service counts as started when the
            job store is recovered and the socket accepts connections. The status line tells running jobs with their
            steps, waiting jobs and resident models. Neither the daemon nor its workers have a network;
            finetuned-fetch.socket starts finetuned-fetch@.service for each download. The watchdog is fed only while the event loop, the scheduler and
            the job store all move. Starting and stopping ask for more time (EXTEND_TIMEOUT_USEC) while the store is
            recovered or checkpoints are written. A user unit of the same name runs the daemon for one user.

            Change a unit with a drop-in: systemctl edit finetuned.service.
            """)
        page.section("Environment")
        page.item("FINETUNED_SOCKET", "The socket, when --socket is not given.")
        page.item("FINETUNED_WORKER", "The worker program; finetuned-worker beside the daemon's own file otherwise.")
        page.item("STATE_DIRECTORY, CONFIGURATION_DIRECTORY", "Set by systemd; see --state-dir and --config.")
        page.item("NOTIFY_SOCKET, WATCHDOG_USEC, LISTEN_FDS, JOURNAL_STREAM", "Set by systemd; see sd_notify(3).")
        page.item(
            "HF_HUB_CACHE, HF_HOME, MODELSCOPE_CACHE, XDG_CACHE_HOME",
            "Where the caches of hubs are, in which workers look for models and data sets by name.")
        page.item("USE_MODELSCOPE_HUB, USE_OPENMIND_HUB", "Which hub's cache is looked into first.")
        page.section("Exit status")
        page.item("0", "stopped by a signal or by system.shutdown")
        page.item("2", "wrong arguments")
        page.item("73", "the state directory, the job store or the socket cannot be opened")
        page.item("75", "another finetuned uses the state directory")
        page.item("78", "the settings or the passed sockets are wrong")
        page.section("Files")
        page.item("/etc/finetuned/finetuned.yaml, /etc/finetuned/finetuned.yaml.d/*.yaml", "settings")
        page.item("/run/finetuned/finetuned.sock", "the socket; members of the group finetuned may connect")
        page.item("/run/finetuned/fetch.sock", "where tunectl pull asks for downloads into the service's cache")
        page.item("/etc/finetuned/fetch.env", "variables for those downloads: HF_ENDPOINT, https_proxy, HF_TOKEN")
        page.item("/var/lib/finetuned", "the job store, the jobs' logs, outputs of the system service")
        page.item(
            "/var/cache/finetuned", "HF_HOME and XDG_CACHE_HOME of the system service: what was downloaded from hubs")
        page.section("Journal")
        page.paragraph(
            """
            Under systemd, entries carry MESSAGE_ID (explained by journalctl -x), PRIORITY, and where they apply
            FT_JOB_ID, FT_USER, FT_STEP and FT_METHOD. Prompts, answers and rows of data sets are never logged.
            """)
        page.literal("journalctl -u finetuned FT_JOB_ID=42")
        page.section("See also")
        page.paragraph("tunectl(1), finetuned.yaml(5), finetuned-rpc(7), systemd.service(5), journalctl(1)")
        return page.roff
    }

    private static var settingsPage: String {
        var page = ManualPage("finetuned.yaml", section: 5, summary: "settings of finetuned", source: source)
        page.section("Synopsis")
        page.paragraph("/etc/finetuned/finetuned.yaml\n\n/etc/finetuned/finetuned.yaml.d/*.yaml")
        page.section("Description")
        page.paragraph(
            """
            The file is YAML: sections, and settings below them. Files in finetuned.yaml.d are read after it in the
            order of their names, and later values win. No file need exist.

            Reading is strict: an unknown key or a value that does not fit refuses the whole, with file, line and
            column. At the start the daemon then ends with status 78; on SIGHUP (systemctl reload finetuned) it keeps
            the settings that were in force. `finetuned --check-config` tells beforehand, `tunectl doctor` shows what
            is in force. Every setting acts as soon as it is reloaded.
            """)
        var section = ""
        for setting in DaemonSetting.all {
            if setting.section != section { page.section("Section \(setting.section)") }
            section = setting.section
            page.item(
                setting.key,
                "\(setting.summary)\nTakes \(setting.form.expectation). Default: \(setting.defaultText).")
        }
        page.section("Example")
        page.literal("limits:\n  running_jobs: 2\n  worker_memory: 12G\nlog:\n  level: notice")
        page.section("See also")
        page.paragraph("finetuned(8), tunectl(1)")
        return page.roff
    }
}
