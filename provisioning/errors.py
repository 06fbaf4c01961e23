"""Base of every error that an operator can act on."""


class ClusterError(Exception):
    """An expected failure; the message is for the operator and names the fix.

    A command that ends with one prints the message and no traceback, with exit status 1.

    ```
    ClusterError
        ActionError
            CommandRefusedError
            DirectorUnreachableError
            HostIdentityError
        AlertsError
        AnsibleError
        AnswerError
        ArchiveError
        ArtifactError
        BundleError
        CarryError
        CertificateError
        DeclarationError
        FilterFormatError
        HookError
        HookSyntaxError
        InterfacesFormatError
        InventoryError
        LabError
            LabUsageError
        LegacyFormatError
        LockedError
        MaintenanceConflictError
        MaintenanceFormatError
        NoPublicKeyError
        NoReplyError
        NoSuchKeyError
        NoTableError
        OperationError
            HostBusyError
            RollbackError
            StoppedByHookError
        OptionError
        OwnMetadataError
        PhaseError
            UnknownEndError
        PreflightError
        ProbeError
        ProgramError
        RangeError
        RecordFormatError
        ReleaseError
        RenderingError
        RoutesFormatError
        RunBlockedError
        RuntimeStateError
        SSHConfigError
        SecretError
            MissingSecretError
                NotAskedError
        SecretProgramError
        SpreadError
        StateFileError
        StateFolderError
        StateFormatError
        TableFormatError
        TemplateValueError
        TransportError
            AuthenticationError
            ConnectionLostError
            HostKeyError
                UnknownHostKeyError
            LostSeatError
            SudoError
            UnreachableError
                BrokenOffError
        UnknownDistributionError
        UnknownHostError
        UnobservableError
        UnusableKeyError
        UnwritableError
        UpgradeConflictError
        VaultError
    ```
    """
