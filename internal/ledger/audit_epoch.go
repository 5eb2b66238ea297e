package ledger

// epochAudit is the row of an epoch that a person begins.
func epochAudit(kind, actor string, epoch int64) AuditEntry {
	action := ActionRestore
	if kind == EpochRebuild {
		action = ActionRebuild
	}
	return AuditEntry{
		Actor: actor, Action: action, InputsDigest: InputsDigest(action, cents(epoch)),
		Detail: map[string]string{"epoch": cents(epoch)},
	}
}
